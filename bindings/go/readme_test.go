package bouncer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bouncer-verify.internal/bouncer"
)

func TestTheGoCodeOfTheReadmeIsTakenFromTestedFiles(t *testing.T) {
	readme := string(must(os.ReadFile("README.md"))(t))
	var tested strings.Builder
	examples := must(filepath.Glob("example*_test.go"))(t)
	for _, path := range append(examples, "examples/service/main.go") {
		tested.Write(must(os.ReadFile(path))(t))
	}
	blocks := regexp.MustCompile("(?s)```(\\w*)\n(.*?)```").FindAllStringSubmatch(readme, -1)
	found := map[string]int{}
	for _, block := range blocks {
		language, text := block[1], block[2]
		found[language]++
		if language == "go" && !strings.Contains(tested.String(), text) {
			t.Errorf("no tested file contains this code of README.md:\n%s", text)
		}
	}
	if found["go"] < 4 || found["go"]+found["sh"]+found["text"] != len(blocks) || strings.Count(readme, "```") != 2*len(blocks) {
		t.Errorf("README.md must have at least 4 blocks of go, and only blocks of go, sh and text: %v", found)
	}
}

func TestTheErrorsOfTheReadmeExist(t *testing.T) {
	readme := string(must(os.ReadFile("README.md"))(t))
	source := string(must(os.ReadFile("error.go"))(t)) + string(must(os.ReadFile("errors_generated.go"))(t))
	for _, name := range regexp.MustCompile("`(Err[A-Z]\\w+)`").FindAllStringSubmatch(readme, -1) {
		if !regexp.MustCompile(`(?m)^\t` + name[1] + `\s.*=`).MatchString(source) {
			t.Errorf("README.md names %s, which does not exist", name[1])
		}
	}
	for _, group := range []error{bouncer.ErrInvalidToken, bouncer.ErrKeys, bouncer.ErrLogin, bouncer.ErrProgram} {
		row := fmt.Sprintf(`\| %d(; 403 for .ErrInsufficientScope.)? \|`, bouncer.HTTPStatus(group))
		if !regexp.MustCompile(row).MatchString(readme) {
			t.Errorf("README.md has no row with the status of %v", group)
		}
	}
}
