module bouncer-verify.internal/bouncer

go 1.24
