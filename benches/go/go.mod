module bench_driver

go 1.24

require bouncer_verify/bouncer v0.0.0

replace bouncer_verify/bouncer => ../../bindings/go
