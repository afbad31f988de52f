package bouncer_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheExamplesContainTheGoCodeOfTheGuideAndOfTheReadme(t *testing.T) {
	var examples strings.Builder
	for _, file := range must(filepath.Glob("example*_test.go"))(t) {
		examples.Write(must(os.ReadFile(file))(t))
	}
	pages := must(filepath.Glob("../../docs/guide/*.md"))(t)
	if len(pages) == 0 {
		t.Skip("the guide is missing: run the test in a checkout that contains docs/guide")
	}
	for _, page := range append(pages, "../../README.md") {
		text := string(must(os.ReadFile(page))(t))
		for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(examples.String(), block[1]) {
				t.Errorf("no example*_test.go contains this code of %s:\n%s", page, block[1])
			}
		}
	}
}
