# Handout. Two commands are the front door: make run, make test.

GO  ?= go
NPM ?= npm

# One set of flags, so that what is compiled for one command serves the others.
export GOFLAGS ?= -buildvcs=false -trimpath

# The race detector watches all but SQLite, which is C translated to Go: what it would
# find there nobody here could mend, and it took two thirds of the tests' time. That one
# package alone may be left out: others bring generic code of sync/atomic along, which
# the linker would then take unwatched for the whole program.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false

.PHONY: docs run build test test-go test-fuzz test-js test-e2e screenshots test-long fault abuse lint fmt audit soak bench scale clean

run: build ## start the server in development mode and print the page's address
	bin/handout serve --dev

build: bin/handout ## bin/handout, with the SDK, the panel and the page inside

test: test-go test-fuzz test-js test-e2e ## everything, installing what it needs

lint: node_modules ## vet, staticcheck, the import rules, Biome, tsc
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test ./internal -run 'Layout|Links' -count=1
	$(NPM) run --silent lint

fmt: node_modules ## format everything
	gofmt -w $$(git ls-files '*.go')
	$(NPM) run --silent fmt

test-go: assets
	$(GO) test $(RACE) ./...

test-fuzz: ## every parser, for a short while
	scripts/fuzz.sh

test-js: node_modules
	$(NPM) test --silent

test-e2e: build ## real browsers against the real binary, and the page's own states
	e2e/run.sh
	$(NPM) run --silent test:browser --workspace panel --workspace web

screenshots: build ## the pictures of the README and of docs/panel.md, made by the browser tests
	HANDOUT_SCREENSHOTS=1 e2e/run.sh -g "picture of the README"
	$(NPM) run --silent pictures --workspace panel

test-long: build ## what is too long for make test: large files, the browser tests on a cluster, the long amounts of docs/reliability.md
	HANDOUT_LONG=1 e2e/run.sh
	HANDOUT_CLUSTER=1 e2e/run.sh
	HANDOUT_LONG=1 $(GO) test -count=1 -timeout 0 -run 'TestTiming|TestCommandLinesSurvive' -v ./cmd/handout
	HANDOUT_LONG=1 $(GO) test -count=1 -timeout 0 -v -run '^TestF[0-9]+_' ./internal/faulttest/... ./internal/blob/s3blob ./cmd/handout
	HANDOUT_TEST_BLOBS=s3 $(GO) test -count=1 -timeout 0 -v -run '^TestF(1|2|3|12|16|17|18)_' ./internal/faulttest
	HANDOUT_LONG=1 $(GO) test -count=1 -timeout 0 -v -run 'OverTLS|PgBouncer|StandbyTakesOver|RedisSentinels|RedisCluster' ./internal/store/postgres ./internal/signal
	$(GO) build -o bin/bench ./bench
	bin/bench soak -report ""

fault: assets ## one row of docs/reliability.md: make fault ROW=F1, with HANDOUT_LONG=1 the long amount
	$(GO) test $(RACE) -count=1 -v -timeout 0 -run '^Test$(ROW)_' ./internal/faulttest/... ./internal/blob/s3blob ./cmd/handout

abuse: assets ## the abuse list with its numbers, and how a victim in another room fares, into docs/abuse.md
	HANDOUT_LONG=1 HANDOUT_ABUSE_REPORT=$(CURDIR)/docs/abuse.md $(GO) test -count=1 -v -timeout 0 -run '^TestAbuse_' ./internal/faulttest/abuse

audit: node_modules ## ask the vulnerability databases of Go and npm; needs the network, so it is no part of CI
	scripts/audit.sh

soak: build ## ten minutes of mixed load: memory, descriptors and goroutines stay flat; into docs/soak.md
	$(GO) build -o bin/bench ./bench
	bin/bench soak

bench: build ## figures against bare servers, into docs/benchmarks.md
	$(GO) build -o bin/bench ./bench
	bin/bench

scale: ## a region, simulated over what operations were measured to cost (bin/bench costs); into docs/scaling.md
	$(GO) run ./bench/scalesim

docs: node_modules ## the site of the pages, with the reference of SDK, panel and HTTP API, into docs/site/dist
	cd docs/site && $(NPM) ci --no-audit --no-fund --ignore-scripts && $(NPM) run --silent build

clean:
	rm -rf bin sdk/dist/* panel/dist/* panel/lib web/dist/* docs/site/dist docs/site/.build e2e/test-results

# The bundles are built files: they depend on their sources and on nothing
# else, so that a second make does nothing.

.PHONY: assets
assets: sdk/dist/EnxRtc.js panel/dist/handout-panel.js web/dist/index.html

SDK_SOURCES := $(shell find sdk -not -path '*/node_modules*' -not -path '*/dist/*' -type f 2>/dev/null)
PANEL_SOURCES := $(shell find panel -not -path '*/node_modules*' -not -path '*/dist/*' -not -path '*/lib/*' -type f 2>/dev/null)
WEB_SOURCES := $(shell find web -not -path '*/node_modules*' -not -path '*/dist/*' -type f 2>/dev/null)
GO_SOURCES  := $(shell find cmd internal client protocol token sdk panel web -name '*.go' -o -name '*.sql' 2>/dev/null) go.mod go.sum

sdk/dist/EnxRtc.js: node_modules $(SDK_SOURCES)
	rm -rf sdk/dist/*
	$(NPM) run --silent build --workspace sdk
	touch $@

panel/dist/handout-panel.js: node_modules sdk/dist/EnxRtc.js $(PANEL_SOURCES)
	rm -rf panel/dist/*
	$(NPM) run --silent build --workspace panel
	touch $@

web/dist/index.html: node_modules panel/dist/handout-panel.js $(WEB_SOURCES)
	rm -rf web/dist/*
	$(NPM) run --silent build --workspace web
	touch $@

bin/handout: $(GO_SOURCES) sdk/dist/EnxRtc.js panel/dist/handout-panel.js web/dist/index.html
	$(GO) build -trimpath -o $@ ./cmd/handout

node_modules: package.json package-lock.json sdk/package.json panel/package.json web/package.json e2e/package.json examples/react/package.json
	$(NPM) ci --no-audit --no-fund
	touch $@
