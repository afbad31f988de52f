# Functions for the tests of packages, which install with the commands of README.md.
# shellcheck shell=bash

# install_line ROW: prints the first command of a row of the table under "Install" in README.md.
install_line() {
    local readme
    readme=$(dirname "${BASH_SOURCE[0]}")/../../README.md
    local line
    line=$(awk -v row="| $1 | " 'index($0, row) == 1 { print; exit }' "$readme" | cut -d '`' -f 2)
    [[ -n $line ]] || { echo "README.md has no row \"$1\" under Install" >&2; return 1; }
    printf '%s\n' "$line"
}
