// The Go driver: `driver FIXTURES THREADS`. It speaks the line protocol of benches/README.md.
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
)

// What the issuer of the fixtures calls itself, and for whom its tokens are.
const (
	issuer   = "https://idp.example.com/realms/production"
	audience = "api://orders"
)

// A fixture is one case: 64 different tokens, and the keys.
type fixture struct {
	name    string
	samples []sample
	jwks    []byte
	batch   int // so many tokens are judged in one call
}

// A sample is a token and what it must come to: the subject, or "!" and the reason to refuse it.
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

// isBouncer is whether the tokens say who in "uid", and nothing of an issuer, an audience or a key.
func (f fixture) isBouncer() bool { return f.name == "bouncer" }

func (f fixture) accepts() bool { return f.samples[0].expected[0] != '!' }

// A candidate gives a token's subject, or "!" and the reason to refuse it.
type candidate struct {
	fixture
	title, version string
	judge          func(i int) string
}

func (c *candidate) calls(first, count int) {
	for i := first; i < first+count; i++ {
		sample := &c.samples[i%len(c.samples)]
		if outcome := c.judge(i % len(c.samples)); outcome != sample.expected {
			log.Fatalf("%s, %s: %q, not %q", c.name, c.title, outcome, sample.expected)
		}
	}
}

// warmUp spends a while on caches and branch predictors, and gives so many calls to one look at the clock that the look costs
// nothing.
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

// slot runs for a while on so many goroutines, first a fifth of that unmeasured. The wall's time is their mean.
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

// processTime includes the garbage collector's.
func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

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
		candidates = append(candidates, inOneCall(oidc, 64), inOneCall(oidc, 1000))
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
