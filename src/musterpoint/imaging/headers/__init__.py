"""The heads of image files, read and bounded before anything is decoded."""
