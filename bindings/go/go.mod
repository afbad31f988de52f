module bouncer_verify/bouncer

go 1.24
