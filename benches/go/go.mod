module bench_driver

go 1.24

require bouncer-verify.internal/bouncer v0.0.0

replace bouncer-verify.internal/bouncer => ../../bindings/go
