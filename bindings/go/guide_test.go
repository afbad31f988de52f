package bouncer_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheGoCodeOfTheGuideAndOfTheProjectsReadmeIsThatOfTheExamples(t *testing.T) {
	var examples strings.Builder
	for _, file := range must(filepath.Glob("example*_test.go"))(t) {
		examples.Write(must(os.ReadFile(file))(t))
	}
	pages := must(filepath.Glob("../../docs/guide/*.md"))(t)
	if len(pages) == 0 {
		t.Skip("docs/guide is not beside this module")
	}
	for _, page := range append(pages, "../../README.md") {
		text := string(must(os.ReadFile(page))(t))
		for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(examples.String(), block[1]) {
				t.Errorf("the examples lack this code of %s:\n%s", page, block[1])
			}
		}
	}
}
