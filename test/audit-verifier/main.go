// Verifies an export of the audit log with the Go project's own implementation of signed notes and of RFC 6962 trees, which knows
// nothing of Slipway: every checkpoint's signature, and its root over the records before it.
//
//	go run . audit.jsonl audit.jsonl.pub
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type line struct {
	Type       string          `json:"type"`
	Entry      json.RawMessage `json:"entry"`
	Checkpoint string          `json:"checkpoint"`
}

func main() {
	count, err := verify(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Println("WRONG:", err)
		os.Exit(1)
	}
	fmt.Println("ok:", count, "checkpoints")
}

func verify(export, key string) (int, error) {
	text, err := os.ReadFile(key)
	if err != nil {
		return 0, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, err
	}
	data, err := os.ReadFile(export)
	if err != nil {
		return 0, err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for at, index := range indexes {
			found[at] = stored[index]
		}
		return found, nil
	})
	var records int64
	checkpoints := 0
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var next line
		if err := json.Unmarshal(scanner.Bytes(), &next); err != nil {
			return 0, err
		}
		switch next.Type {
		case "record":
			hashes, err := tlog.StoredHashesForRecordHash(records, tlog.RecordHash(next.Entry), reader)
			if err != nil {
				return 0, err
			}
			stored = append(stored, hashes...)
			records++
		case "checkpoint":
			opened, err := note.Open([]byte(next.Checkpoint), note.VerifierList(verifier))
			if err != nil {
				return 0, err
			}
			parts := strings.Split(opened.Text, "\n")
			if parts[0] != verifier.Name() || parts[1] != strconv.FormatInt(records, 10) {
				return 0, fmt.Errorf("a checkpoint of %s records of %s behind record %d", parts[1], parts[0], records)
			}
			root, err := tlog.TreeHash(records, reader)
			if err != nil {
				return 0, err
			}
			if parts[2] != base64.StdEncoding.EncodeToString(root[:]) {
				return 0, fmt.Errorf("the root at record %d is another", records)
			}
			checkpoints++
		}
	}
	return checkpoints, scanner.Err()
}
