module testbed/alertmanager

go 1.26.0
