# make prints help. Everything a person or CI does has a name here.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export CGO_ENABLED ?= 0
GO      ?= go
ROBOTS  ?= 12
FUZZ    ?= 10s
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
LINT    := $(GO) tool -modfile=tools/lint/go.mod golangci-lint
WEB_SRC := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
PLATFORMS := linux/amd64 linux/arm64 linux/arm windows/amd64 darwin/arm64
FUZZERS := $(shell grep -roE --include='*_test.go' '^func Fuzz[A-Za-z]+' wire mqtt api tsdb command camera | sed -E 's|/[^:]*:func |:|')

.PHONY: help run test check dev build web generate bench fuzz lint unit servers web-check e2e cross generated

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## a monitoring server with a simulated fleet: http://127.0.0.1:8000
	bin/tonypi demo --robots $(ROBOTS)

build: bin/tonypi ## bin/tonypi, one static binary with the page inside

bin/tonypi: web/dist/index.html $(shell find . -name '*.go' -not -path './web/node_modules/*' 2>/dev/null) go.mod
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/tonypi

web: web/dist/index.html ## the page

web/dist/index.html: $(WEB_SRC) web/node_modules/.installed
	npm --prefix web run --silent build
	@touch web/dist/.keep $@

web/node_modules/.installed: web/package.json web/package-lock.json
	# Not ci: it refuses a lock file that lacks the packages of platforms which a registry does not carry.
	npm --prefix web install --no-save --silent --no-audit --no-fund
	@touch $@

dev: ## server with the demo fleet on :8000, page with hot reload on :5173
	$(GO) build -o bin/tonypi ./cmd/tonypi
	trap 'kill 0' EXIT; bin/tonypi demo --robots $(ROBOTS) & npm --prefix web run dev

check: generated lint unit web-check ## all that needs no server and no browser; under 5 minutes

test: install check servers fuzz cross e2e ## everything, as CI runs it

install: ## the servers and the browser that tests start
	tools/install chromium=chromium mosquitto=mosquitto mosquitto_pub=mosquitto-clients postgres=postgresql gcc=gcc sshd=openssh-server ssh-keygen=openssh-client

lint:
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	$(GO) vet ./...
	$(LINT) run ./...

unit: web/dist/index.html
	CGO_ENABLED=1 $(GO) test -race -short ./...

servers: build ## tests against real servers and the real program
	CGO_ENABLED=1 $(GO) test -race -timeout 15m ./sqlstore ./mqtt ./tsdb ./terminal ./cmd/tonypi
	# Without the race detector, which makes everything some ten times slower: how fast stops are.
	$(GO) test -count=1 -run 'TestStop' ./cmd/tonypi

web-check: web/node_modules/.installed
	npm --prefix web run --silent check
	npm --prefix web run --silent test

e2e: build ## a person's journeys in a real browser
	npm --prefix web run --silent e2e

fuzz: ## every fuzz target for FUZZ (10s; try FUZZ=5m)
	@for t in $(FUZZERS); do echo "fuzz $$t"; $(GO) test -run '^$$' -fuzz "^$${t#*:}$$" -fuzztime $(FUZZ) ./$${t%%:*}; done

cross: web/dist/index.html ## builds for every platform
	@for p in $(PLATFORMS); do echo "build $$p"; GOOS=$${p%/*} GOARCH=$${p#*/} GOARM=7 $(GO) build -o /dev/null ./cmd/tonypi; done

generate: web/node_modules/.installed ## the OpenAPI document and the page's types from the code
	$(GO) run ./cmd/tonypi openapi > web/openapi.json
	npm --prefix web run --silent generate

generated: generate
	git diff --exit-code -- web/openapi.json web/src/api/schema.d.ts

bench: build ## measures what docs/performance.md states, in one run
	$(GO) run ./tools/bench -tonypi bin/tonypi
