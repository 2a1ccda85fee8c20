// Checks and makes trees, proofs and signed notes with golang.org/x/mod/sumdb, an implementation that shares
// no code with ours. Reads one question a line from standard input, writes one answer a line.
//
//	root COUNT                     -> root over the entries 0, 1, 2 … as three bytes, big-endian
//	record COUNT INDEX             -> its inclusion proof
//	tree COUNT OLD                 -> its consistency proof
//	check-record COUNT INDEX PROOF ROOT LEAF  -> ok, or no
//	check-tree COUNT OLD PROOF ROOT OLDROOT   -> ok, or no
//	note VKEY TEXT                 -> ok and the text, or no
//	sign SKEY TEXT                 -> a signed note
//	skey NAME SEED                 -> the private key in the form that sign takes
//
// Hashes are in hexadecimal, proofs joined by commas, texts in base64.
package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// stored holds all hashes of a tree, in the order of tlog.StoredHashIndex.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

func treeOf(count int64) stored {
	var all stored
	for n := int64(0); n < count; n++ {
		entry := []byte{byte(n >> 16), byte(n >> 8), byte(n)}
		made, err := tlog.StoredHashes(n, entry, all)
		must(err)
		all = append(all, made...)
	}
	return all
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return value
}

func hashOf(text string) (hash tlog.Hash) {
	value, err := hex.DecodeString(text)
	must(err)
	copy(hash[:], value)
	return hash
}

func hashes(text string) (found []tlog.Hash) {
	for _, one := range strings.Split(text, ",") {
		if one != "-" {
			found = append(found, hashOf(one))
		}
	}
	return found
}

func joined(proof []tlog.Hash) string {
	texts := []string{}
	for _, one := range proof {
		texts = append(texts, hex.EncodeToString(one[:]))
	}
	if len(texts) == 0 {
		return "-"
	}
	return strings.Join(texts, ",")
}

func textOf(encoded string) string {
	value, err := base64.StdEncoding.DecodeString(encoded)
	must(err)
	return string(value)
}

func verdict(err error) string {
	if err != nil {
		return "no"
	}
	return "ok"
}

var trees = map[string]stored{}

func answer(words []string) string {
	switch words[0] {
	case "root", "record", "tree":
		if trees[words[1]] == nil {
			trees[words[1]] = treeOf(number(words[1]))
		}
		count, tree := number(words[1]), trees[words[1]]
		switch words[0] {
		case "root":
			hash, err := tlog.TreeHash(count, tree)
			must(err)
			return hex.EncodeToString(hash[:])
		case "record":
			proof, err := tlog.ProveRecord(count, number(words[2]), tree)
			must(err)
			return joined(proof)
		}
		proof, err := tlog.ProveTree(count, number(words[2]), tree)
		must(err)
		return joined(proof)
	case "check-record":
		proof := tlog.RecordProof(hashes(words[3]))
		return verdict(tlog.CheckRecord(proof, number(words[1]), hashOf(words[4]), number(words[2]), hashOf(words[5])))
	case "check-tree":
		proof := tlog.TreeProof(hashes(words[3]))
		return verdict(tlog.CheckTree(proof, number(words[1]), hashOf(words[4]), number(words[2]), hashOf(words[5])))
	case "note":
		verifier, err := note.NewVerifier(words[1])
		must(err)
		opened, err := note.Open([]byte(textOf(words[2])), note.VerifierList(verifier))
		if err != nil {
			return "no"
		}
		return "ok " + base64.StdEncoding.EncodeToString([]byte(opened.Text))
	case "skey":
		seed, err := hex.DecodeString(words[2])
		must(err)
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		vkey, err := note.NewEd25519VerifierKey(words[1], public)
		must(err)
		id := strings.Split(vkey, "+")[1]
		private := base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))
		return fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", words[1], id, private)
	case "sign":
		signer, err := note.NewSigner(words[1])
		must(err)
		signed, err := note.Sign(&note.Note{Text: textOf(words[2])}, signer)
		must(err)
		return base64.StdEncoding.EncodeToString(signed)
	}
	panic("unknown question " + words[0])
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		fmt.Println(answer(strings.Fields(lines.Text())))
	}
}
