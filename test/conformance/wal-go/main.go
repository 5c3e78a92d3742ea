// Command wal-go writes and reads write-ahead logs with etcd's own package, for comparison with ours.
//
//	wal-go write DIR SEGMENT-BYTES ENTRIES   makes a log, the same for the same arguments
//	wal-go read DIR INDEX TERM               prints as JSON what the log says after the snapshot
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
)

type entry struct {
	Type  int32   `json:"type"`
	Term  uint64  `json:"term"`
	Index uint64  `json:"index"`
	Data  *string `json:"data"`
}

type contents struct {
	Metadata  string            `json:"metadata"`
	HardState map[string]string `json:"hardState"`
	Entries   []entry           `json:"entries"`
	Snapshots []string          `json:"snapshots"`
}

func main() {
	if len(os.Args) != 5 {
		fail(fmt.Errorf("usage: wal-go write DIR SEGMENT-BYTES ENTRIES | wal-go read DIR INDEX TERM"))
	}
	first, second := number(os.Args[3]), number(os.Args[4])
	switch os.Args[1] {
	case "write":
		wal.SegmentSizeBytes = int64(first)
		write(os.Args[2], second)
	case "read":
		read(os.Args[2], walpb.Snapshot{Index: first, Term: second})
	}
}

// write makes a log with a snapshot in its middle, two overwritten entries and all types of entries.
func write(dir string, entries uint64) {
	w, err := wal.Create(zap.NewNop(), dir, []byte("some metadata"))
	fail(err)
	term, isOverwritten := uint64(1), false
	for index := uint64(1); index <= entries; index++ {
		e := raftpb.Entry{Type: raftpb.EntryType(index % 3), Term: term, Index: index}
		if index%7 != 0 {
			e.Data = make([]byte, index*37%2000)
			for i := range e.Data {
				e.Data[i] = byte(uint64(i) * index)
			}
		}
		fail(w.Save(raftpb.HardState{Term: term, Vote: 0x9ee4bcfe6709567f, Commit: index - 1}, []raftpb.Entry{e}))
		if index == entries/2 && !isOverwritten {
			conf := &raftpb.ConfState{Voters: []uint64{0x9ee4bcfe6709567f, 2}, Learners: []uint64{3}}
			fail(w.SaveSnapshot(walpb.Snapshot{Index: index - 1, Term: term, ConfState: conf}))
			term++
			index -= 2
			isOverwritten = true
		}
	}
	fail(w.Close())
}

func read(dir string, from walpb.Snapshot) {
	w, err := wal.OpenForRead(zap.NewNop(), dir, from)
	fail(err)
	metadata, state, entries, err := w.ReadAll()
	fail(err)
	out := contents{Metadata: hex.EncodeToString(metadata), Entries: []entry{}, Snapshots: []string{}}
	out.HardState = map[string]string{
		"term":   strconv.FormatUint(state.Term, 10),
		"vote":   strconv.FormatUint(state.Vote, 10),
		"commit": strconv.FormatUint(state.Commit, 10),
	}
	for _, e := range entries {
		shown := entry{Type: int32(e.Type), Term: e.Term, Index: e.Index}
		if e.Data != nil {
			data := hex.EncodeToString(e.Data)
			shown.Data = &data
		}
		out.Entries = append(out.Entries, shown)
	}
	snapshots, err := wal.ValidSnapshotEntries(zap.NewNop(), dir)
	fail(err)
	for _, s := range snapshots {
		out.Snapshots = append(out.Snapshots, s.String())
	}
	fail(json.NewEncoder(os.Stdout).Encode(out))
}

func number(text string) uint64 {
	value, err := strconv.ParseUint(text, 10, 64)
	fail(err)
	return value
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
