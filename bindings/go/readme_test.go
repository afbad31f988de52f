package bouncer_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"bouncer_verify/bouncer"
)

func TestTheCodeOfTheReadmeIsThatOfTheExamples(t *testing.T) {
	readme := string(must(os.ReadFile("README.md"))(t))
	examples := string(must(os.ReadFile("example_test.go"))(t)) + string(must(os.ReadFile("example_service_test.go"))(t))
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readme, -1)
	if fences := strings.Count(readme, "```"); fences != 2*(len(blocks)+1) { // that of go.mod
		t.Errorf("README.md has %d blocks, of which %d are Go", fences/2, len(blocks))
	}
	if len(blocks) < 4 {
		t.Errorf("README.md has %d blocks of code", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(examples, block[1]) {
			t.Errorf("the examples lack this code of README.md:\n%s", block[1])
		}
	}
}

func TestTheReadmeListsEveryError(t *testing.T) {
	readme := string(must(os.ReadFile("README.md"))(t))
	source := string(must(os.ReadFile("error.go"))(t))
	for _, match := range regexp.MustCompile(`(?m)^\t(Err\w+)\s.*=`).FindAllStringSubmatch(source, -1) {
		if !strings.Contains(readme, "`"+match[1]+"`") {
			t.Errorf("README.md lacks %s", match[1])
		}
	}
	if bouncer.HTTPStatus(bouncer.ErrKeys) != 503 {
		t.Error("the table of README.md is wrong")
	}
}
