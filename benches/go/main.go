// The Go driver: `driver FIXTURES THREADS`. benches/README.md describes its line protocol.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"bouncer-verify.internal/bouncer"
)

// The "iss" and "aud" of the tokens in the fixtures.
const (
	issuer   = "https://idp.example.com/realms/production"
	audience = "api://orders"
)

// A fixture is one case of the benchmark: 64 different tokens, and the keys.
type fixture struct {
	name    string
	samples []sample
	jwks    []byte
	batch   int // number of tokens per call
}

// A sample is a token with its expected outcome: the subject, or "!" and the reason for the
// rejection.
type sample struct{ expected, token string }

func load(folder, name string) fixture {
	read := func(file string) string {
		text, err := os.ReadFile(filepath.Join(folder, name, file))
		if err != nil {
			log.Fatal(err)
		}
		return string(text)
	}
	loaded := fixture{name: name, jwks: []byte(read("jwks.json")), batch: 1}
	for line := range strings.Lines(read("tokens")) {
		expected, token, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		loaded.samples = append(loaded.samples, sample{expected, token})
	}
	return loaded
}

// isBouncer reports whether the tokens have the form of DC/OS's Bouncer: "uid" and "exp", but no
// "iss", "aud" or "kid".
func (f fixture) isBouncer() bool { return f.name == "bouncer" }

// algorithm returns the "alg" of the tokens.
func (f fixture) algorithm() bouncer.Algorithm {
	if f.name == "es256" {
		return bouncer.ES256
	}
	return bouncer.RS256
}

func (f fixture) accepts() bool { return f.samples[0].expected[0] != '!' }

// A candidate is a library (or one of its functions) with the tokens of a fixture. verify verifies
// sample i and returns the outcome: the subject, or "!" and the reason for the rejection.
type candidate struct {
	fixture
	title, version string
	verify         func(i int) string
}

func (c *candidate) calls(first, count int) {
	for i := first; i < first+count; i++ {
		sample := &c.samples[i%len(c.samples)]
		if outcome := c.verify(i % len(c.samples)); outcome != sample.expected {
			log.Fatalf("%s, %s: wrong result: got %q, expected %q", c.name, c.title, outcome, sample.expected)
		}
	}
}

// warmUp makes calls for duration, to fill caches and train branch predictors. It returns the
// number of calls to make between two reads of the clock, so that the cost of a read is negligible.
func (c *candidate) warmUp(duration time.Duration) int {
	chunk, next := 1, 0
	for start := time.Now(); time.Since(start) < duration; next += chunk {
		begin := time.Now()
		c.calls(next, chunk)
		if time.Since(begin) < duration/40 {
			chunk *= 2
		}
	}
	return chunk
}

// slot measures calls for duration, on as many goroutines as threads. Before that, each goroutine
// warms up for a fifth of duration. calls is the number of verified tokens of all goroutines, wall
// the mean of their wall-clock times, and cpu the CPU time of the process.
func (c *candidate) slot(duration time.Duration, threads int) (calls int, wall, cpu time.Duration) {
	var ready, done sync.WaitGroup
	ready.Add(threads)
	done.Add(threads)
	begin := make(chan struct{})
	counts, walls := make([]int, threads), make([]time.Duration, threads)
	for worker := range threads {
		go func() {
			defer done.Done()
			chunk := c.warmUp(duration / 5)
			ready.Done()
			<-begin
			count, start := 0, time.Now()
			for ; time.Since(start) < duration; count += chunk {
				c.calls(count, chunk)
			}
			counts[worker], walls[worker] = count, time.Since(start)
		}()
	}
	ready.Wait()
	used := processTime()
	close(begin)
	done.Wait()
	cpu = processTime() - used
	for worker := range threads {
		calls += counts[worker] * c.batch
		wall += walls[worker] / time.Duration(threads)
	}
	return calls, wall, cpu
}

// processTime returns the CPU time of the process, including the garbage collector.
func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// allocations returns the number of allocations and bytes per token.
func (c *candidate) allocations() (count, bytes float64) {
	calls := 6400 / c.batch
	tokens := float64(calls * c.batch)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.calls(0, calls)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / tokens, float64(after.TotalAlloc-before.TotalAlloc) / tokens
}

func main() {
	log.SetFlags(0)
	var threads int
	if len(os.Args) != 3 {
		log.Fatal("usage: driver FIXTURES THREADS")
	}
	if _, err := fmt.Sscan(os.Args[2], &threads); err != nil {
		log.Fatal(err)
	}
	runtime.GOMAXPROCS(threads)
	cases := []string{"bouncer", "oidc", "tampered", "expired", "unknown_kid", "garbage", "jwks_100"}
	if threads > 1 {
		cases = []string{"oidc"}
	}
	var candidates []*candidate
	for _, name := range cases {
		fixture := load(os.Args[1], name)
		candidates = append(candidates, ours(fixture), byHand(fixture))
		candidates = append(candidates, installed(fixture)...)
		if fixture.accepts() && name != "jwks_100" {
			candidates = append(candidates, signatureAlone(fixture))
		}
	}
	oidc := load(os.Args[1], "oidc")
	candidates = append(candidates, cached(oidc))
	if threads == 1 {
		es256 := load(os.Args[1], "es256")
		candidates = append(candidates, inOneCall(oidc, 64), inOneCall(oidc, 1000), ours(es256), ecdsaAlone(es256))
	}
	for _, candidate := range candidates {
		candidate.calls(0, len(candidate.samples))
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var command string
		var which, microseconds int
		fmt.Sscan(lines.Text(), &command, &which, &microseconds)
		switch command {
		case "list":
			for _, c := range candidates {
				fmt.Printf("candidate\t%s\t%s\t%s\n", c.name, c.title, c.version)
			}
			fmt.Println("end")
		case "run":
			calls, wall, cpu := candidates[which].slot(time.Duration(microseconds)*time.Microsecond, threads)
			fmt.Println(calls, wall.Nanoseconds(), cpu.Nanoseconds())
		case "allocations":
			fmt.Println(candidates[which].allocations())
		default:
			log.Fatalf("unknown command %q", lines.Text())
		}
	}
}
