# For those whose fingers type make; everything is in ./run.
.PHONY: help demo test check format lock ci
help demo test check format lock ci:
	@./run $@
