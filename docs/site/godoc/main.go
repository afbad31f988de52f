// Godoc writes the documentation of a Go package as one page of Markdown.
//
//	go run docs/site/godoc/main.go FOLDER IMPORTPATH > page.md
//
// It uses only the standard library. Two things are errors: an exported name without a doc comment,
// and a doc link, such as [Verifier.Verify], to a name that does not exist.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/doc/comment"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

type page struct {
	bytes.Buffer
	files   *token.FileSet
	pkg     *doc.Package
	printer *comment.Printer
	anchors map[string]bool
	faults  []string
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: godoc FOLDER IMPORTPATH")
	}
	p, err := load(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	p.write()
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllSubmatch(p.Bytes(), -1) {
		if !p.anchors[string(link[1])] {
			p.faults = append(p.faults, "dead doc link: "+string(link[1]))
		}
	}
	// The parser keeps a doc link to an unknown name as text in brackets.
	for _, link := range regexp.MustCompile(`\\\[(?:\\?\*)?([A-Z][\w.]*)\\?\]`).FindAllSubmatch(p.Bytes(), -1) {
		p.faults = append(p.faults, "dead doc link: "+string(link[1]))
	}
	for _, fault := range p.faults {
		log.Print(fault)
	}
	if len(p.faults) > 0 {
		os.Exit(1)
	}
	os.Stdout.Write(p.Bytes())
}

// load reads the package in the folder, and its examples. It reads the files that a build with cgo
// uses.
func load(folder, importPath string) (*page, error) {
	context := build.Default
	context.CgoEnabled = true
	found, err := context.ImportDir(folder, 0)
	if err != nil {
		return nil, err
	}
	names := slices.Concat(found.GoFiles, found.CgoFiles, found.TestGoFiles, found.XTestGoFiles)
	slices.Sort(names)
	fileSet := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(fileSet, filepath.Join(folder, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fileSet, files, importPath)
	if err != nil {
		return nil, err
	}
	p := &page{files: fileSet, pkg: pkg, printer: pkg.Printer(), anchors: map[string]bool{}}
	p.printer.HeadingID = func(*comment.Heading) string { return "" }
	p.printer.DocLinkURL = func(link *comment.DocLink) string {
		switch {
		case link.ImportPath != "":
			return link.DefaultURL("https://pkg.go.dev/")
		case link.Recv != "":
			return "#" + link.Recv + "." + link.Name
		}
		return "#" + link.Name
	}
	return p, nil
}

func (p *page) write() {
	fmt.Fprintf(p, "# Go: package %s\n\n```go\nimport \"%s\"\n```\n\n", p.pkg.Name, p.pkg.ImportPath)
	p.printer.HeadingLevel = 2
	p.text("package "+p.pkg.Name, p.pkg.Doc)
	p.printer.HeadingLevel = 4
	p.examples(p.pkg.Examples)
	p.index()
	p.values("Constants", p.pkg.Consts)
	p.values("Variables", p.pkg.Vars)
	if len(p.pkg.Funcs) > 0 {
		p.WriteString("## Functions\n\n")
		p.functions(p.pkg.Funcs)
	}
	for _, t := range p.pkg.Types {
		p.heading(2, "type "+t.Name, t.Name)
		p.code(t.Decl)
		p.members(t)
		p.text(t.Name, t.Doc)
		p.examples(t.Examples)
		p.groups(t.Consts)
		p.groups(t.Vars)
		p.functions(t.Funcs)
		p.functions(t.Methods)
	}
}

// index lists the types with their functions and methods.
func (p *page) index() {
	p.WriteString("## Index\n\n")
	for _, f := range p.pkg.Funcs {
		fmt.Fprintf(p, "- [%s](#%s)\n", f.Name, f.Name)
	}
	for _, t := range p.pkg.Types {
		fmt.Fprintf(p, "- [type %s](#%s)", t.Name, t.Name)
		separator := ": "
		for _, f := range slices.Concat(t.Funcs, t.Methods) {
			fmt.Fprintf(p, "%s[%s](#%s)", separator, f.Name, anchor(f))
			separator = ", "
		}
		p.WriteString("\n")
	}
	p.WriteString("\n")
}

func anchor(f *doc.Func) string {
	if f.Recv == "" {
		return f.Name
	}
	return strings.TrimPrefix(f.Recv, "*") + "." + f.Name
}

func (p *page) functions(functions []*doc.Func) {
	for _, f := range functions {
		title := "func " + f.Name
		if f.Recv != "" {
			title = "func (" + f.Recv + ") " + f.Name
		}
		p.heading(3, title, anchor(f))
		declaration := *f.Decl
		declaration.Body, declaration.Doc = nil, nil
		p.code(&declaration)
		p.text(anchor(f), f.Doc)
		p.examples(f.Examples)
	}
}

func (p *page) values(title string, values []*doc.Value) {
	if len(values) > 0 {
		fmt.Fprintf(p, "## %s\n\n", title)
		p.groups(values)
	}
}

// groups writes declarations of constants or variables. A group must have a doc comment, or each of
// its names must have one.
func (p *page) groups(values []*doc.Value) {
	for _, value := range values {
		for _, spec := range value.Decl.Specs {
			spec := spec.(*ast.ValueSpec)
			for _, name := range spec.Names {
				p.anchor(name.Name)
				if value.Doc == "" && spec.Doc.Text() == "" && spec.Comment.Text() == "" {
					p.fault(name.Name + " has no doc comment")
				}
			}
		}
		p.WriteString("\n\n")
		p.code(value.Decl)
		if value.Doc != "" {
			p.text(strings.Join(value.Names, ", "), value.Doc)
		}
	}
}

// members writes an anchor for each field of a struct and each method of an interface.
func (p *page) members(t *doc.Type) {
	for _, spec := range t.Decl.Specs {
		var list *ast.FieldList
		switch kind := spec.(*ast.TypeSpec).Type.(type) {
		case *ast.StructType:
			list = kind.Fields
		case *ast.InterfaceType:
			list = kind.Methods
		default:
			continue
		}
		for _, field := range list.List {
			for _, name := range field.Names {
				p.anchor(t.Name + "." + name.Name)
			}
		}
	}
	p.WriteString("\n\n")
}

func (p *page) heading(level int, title, id string) {
	p.anchors[id] = true
	fmt.Fprintf(p, "%s %s {#%s}\n\n", strings.Repeat("#", level), title, id)
}

// anchor writes an anchor, unless the page already has one with this id.
func (p *page) anchor(id string) {
	if !p.anchors[id] {
		p.anchors[id] = true
		fmt.Fprintf(p, "<a id=\"%s\"></a>", id)
	}
}

func (p *page) fault(text string) { p.faults = append(p.faults, text) }

func (p *page) text(name, text string) {
	if text == "" {
		p.fault(name + " has no doc comment")
		return
	}
	p.Write(p.printer.Markdown(p.pkg.Parser().Parse(text)))
	p.WriteString("\n")
}

// code writes a declaration with its comments.
func (p *page) code(declaration ast.Decl) {
	if general, ok := declaration.(*ast.GenDecl); ok {
		copied := *general
		copied.Doc = nil
		declaration = &copied
	}
	var out bytes.Buffer
	if err := format.Node(&out, p.files, declaration); err != nil {
		p.fault(err.Error())
	}
	p.block(out.String())
}

func (p *page) block(code string) { fmt.Fprintf(p, "```go\n%s\n```\n\n", strings.TrimSpace(code)) }

func (p *page) examples(examples []*doc.Example) {
	for _, example := range examples {
		var out bytes.Buffer
		block, isBlock := example.Code.(*ast.BlockStmt)
		node := any(example.Code) // a whole file, which contains its comments
		if isBlock {
			node = &printer.CommentedNode{Node: block, Comments: example.Comments}
		}
		if err := format.Node(&out, p.files, node); err != nil {
			p.fault(err.Error())
		}
		code := out.String()
		if isBlock {
			code = strings.ReplaceAll(strings.Trim(code, "{}"), "\n\t", "\n")
		}
		title := "Example"
		if example.Suffix != "" {
			title += " (" + strings.ReplaceAll(example.Suffix, "_", " ") + ")"
		}
		fmt.Fprintf(p, "<details><summary>%s</summary>\n\n", title)
		p.block(code)
		p.WriteString("</details>\n\n")
	}
}
