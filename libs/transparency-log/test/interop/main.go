// Checks a log with Go's own packages of the formats: golang.org/x/mod/sumdb/note and tlog, which share no code with this repository.
//
//	go run . FOLDER
//
// The folder has what a log serves, and what its user was given:
//
//	log.key, witness.key     verifier keys
//	checkpoint               signed by the log, cosigned by the witness
//	older                    a checkpoint of the same log from before
//	tile/...                 tiles and bundles of entries
//	receipt, leaf            a tlog-proof, and the entry that it proves
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: interop FOLDER")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("verified")
}

func check(folder string) error {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return string(data)
	}
	log, err := note.NewVerifier(strings.TrimSpace(read("log.key")))
	if err != nil {
		return fmt.Errorf("log.key: %w", err)
	}
	witness, err := newWitness(strings.TrimSpace(read("witness.key")))
	if err != nil {
		return fmt.Errorf("witness.key: %w", err)
	}
	now, err := openCheckpoint(read("checkpoint"), log, witness)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	older, err := openCheckpoint(read("older"), log, nil)
	if err != nil {
		return fmt.Errorf("older: %w", err)
	}
	hashes, err := rebuild(folder, now)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	if err := checkTiles(folder, now, hashes); err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	// From here on by the tiles alone, as who has not fetched all entries does.
	served := tlog.TileHashReader(now, &tiles{folder})
	proof, err := tlog.ProveTree(now.N, older.N, served)
	if err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	if err := tlog.CheckTree(proof, now.N, now.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	if err := checkReceipt(read("receipt"), []byte(read("leaf")), log, witness, served); err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	return nil
}

// openCheckpoint opens a signed note, and wants the log's signature and, if there is a witness, that one's too.
func openCheckpoint(signed string, log, witness note.Verifier) (tlog.Tree, error) {
	known := []note.Verifier{log}
	if witness != nil {
		known = append(known, witness)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(known...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(known) {
		return tlog.Tree{}, fmt.Errorf("%d of %d known keys have signed", len(opened.Sigs), len(known))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != log.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// rebuild hashes every entry of every bundle into a tree, which must have the checkpoint's root.
func rebuild(folder string, tree tlog.Tree) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for at, index := range indexes {
			hashes[at] = stored[index]
		}
		return hashes, nil
	})
	for first := int64(0); first < tree.N; first += 256 {
		width := tree.N - first
		if width > 256 {
			width = 256
		}
		path := tilePath(tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)})
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		for n := first; n < first+width; n++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends early", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			hashes, err := tlog.StoredHashes(n, data[2:end], reader)
			if err != nil {
				return nil, err
			}
			stored = append(stored, hashes...)
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s has more than its entries", path)
		}
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err == nil && root != tree.Hash {
		err = errors.New("they make another root than the checkpoint has")
	}
	return reader, err
}

// checkTiles compares every tile that a tree of this size has with what the entries make.
func checkTiles(folder string, tree tlog.Tree, hashes tlog.HashReader) error {
	for _, tile := range tlog.NewTiles(8, 0, tree.N) {
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(folder, tilePath(tile)))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, want) {
			return fmt.Errorf("%s differs", tilePath(tile))
		}
	}
	return nil
}

// checkReceipt reads a tlog-proof, and checks it alone and against the proof that the tiles make.
func checkReceipt(receipt string, leaf []byte, log, witness note.Verifier, hashes tlog.HashReader) error {
	head, signed, found := strings.Cut(receipt, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no tlog-proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint(signed, log, witness)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return err
	}
	made, err := tlog.ProveRecord(tree.N, index, hashes)
	if err != nil {
		return err
	}
	if fmt.Sprint(made) != fmt.Sprint(proof) {
		return errors.New("the tiles make another proof")
	}
	return nil
}

// tiles are files in a folder, named as C2SP tlog-tiles does.
type tiles struct{ folder string }

func (t *tiles) Height() int                         { return 8 }
func (t *tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(t.folder, tilePath(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// tilePath is the path without the height that Go's checksum database has in it.
func tilePath(tile tlog.Tile) string {
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1)
}

// witness verifies cosignatures (C2SP tlog-cosignature), which Go's note package leaves to others.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(text string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(text, "+")
	id, encoded, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("not a key for cosignatures")
	}
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte(name + "\n"), key}, nil))
	if fmt.Sprintf("%x", sum[:4]) != id {
		return nil, errors.New("the id is not that of the key")
	}
	return &witness{name, binary.BigEndian.Uint32(sum[:4]), ed25519.PublicKey(key[1:])}, nil
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(w.key, []byte(message), signature[8:])
}
