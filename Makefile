# Every target stands on a script in bin/, which installs what is missing first.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench schema messages

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install what development needs
	@bin/setup dev

demo: ## four joined instances on this machine
	@bin/demo

test: ## everything: checks, then all tests
	@bin/test

check: ## style, types, import contracts, migrations, deployment check, API schema
	@bin/check

bench: ## one JSON line per job, with its ratio to the limit measured in the same run
	@bin/bench

schema: ## write docs/api/*.yml anew
	@bin/schema

messages: ## collect translatable texts into the English catalogue
	@bin/messages
