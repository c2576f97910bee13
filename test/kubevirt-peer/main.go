// Kubevirt-peer answers what KubeVirt's own code would do, so that mqtap's tests compare with it: each subcommand reads
// JSON values on stdin and writes one line of JSON for each.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"kubevirt.io/client-go/log"

	dutils "kubevirt.io/kubevirt/pkg/ephemeral-disk-utils"
)

// subcommands by name; each answers one request.
var subcommands = map[string]func(request json.RawMessage) (any, error){
	"queues": answering(queuesOf),
	"names":  answering(namesOf),
	"phase1": answering(phase1),
	"decode": answering(decode),
	"hooks":  answering(runHooks),
}

func main() {
	log.InitializeLogging("kubevirt-peer")
	log.Log.SetIOWriter(io.Discard)
	// KubeVirt gives each file of its cache to its user "qemu"; ours are in memory, and there is no such user
	dutils.MockDefaultOwnershipManager()
	if len(os.Args) != 2 || subcommands[os.Args[1]] == nil {
		fail(errors.New("usage: kubevirt-peer queues | names | phase1 | decode | hooks"))
	}
	if err := answerAll(os.Stdin, os.Stdout, subcommands[os.Args[1]]); err != nil {
		fail(err)
	}
}

func answerAll(in io.Reader, out io.Writer, answer func(json.RawMessage) (any, error)) error {
	requests := json.NewDecoder(bufio.NewReader(in))
	buffered := bufio.NewWriter(out)
	answers := json.NewEncoder(buffered)
	for {
		var request json.RawMessage
		if err := requests.Decode(&request); errors.Is(err, io.EOF) {
			return buffered.Flush()
		} else if err != nil {
			return fmt.Errorf("cannot read a request: %w", err)
		}
		reply, err := answer(request)
		if err != nil {
			reply = map[string]string{"error": err.Error()}
		}
		if err := answers.Encode(reply); err != nil {
			return fmt.Errorf("cannot write an answer: %w", err)
		}
	}
}

// answering decodes the request into what a subcommand takes.
func answering[Request, Reply any](answer func(*Request) (Reply, error)) func(json.RawMessage) (any, error) {
	return func(text json.RawMessage) (any, error) {
		request := new(Request)
		if err := json.Unmarshal(text, request); err != nil {
			return nil, err
		}
		return answer(request)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "kubevirt-peer: %v\n", err)
	os.Exit(1)
}
