# The two commands of a newcomer are `make demo` and `make test`; both set up what they need and rebuild nothing that is there.

SOURCES := $(shell find src api -type f) schema.json tsconfig.json package.json tools/bundle.ts

.PHONY: demo test bench faults model mutants build plugin sandbox check setup cli clean

demo: setup
	@npx tsx tools/demo.ts

test: setup
	@$(MAKE) --no-print-directory check
	npx jest

# Ratios to a plugin that does nothing, and to latency itself: about 4 minutes; best on a machine that does nothing else.
bench: setup
	@npx tsx bench/main.ts

# Kills on the real engine, then every fault at every remote call, and what must hold all the while: about 25 minutes.
# A part: `npx tsx faults/main.ts --server entra`.
faults: setup
	@npx jest test/e2e/killed.test.ts
	@npx tsx faults/main.ts

# Random histories of the rollout, others in every run and more than `make test` plays: about 2 minutes.
model: node_modules/.installed
	ODEUS_MODEL_SEED=random ODEUS_MODEL_RUNS=25000 npx jest test/model

# Breaks the sources on purpose in a copy of the tree, one text at a time, and shows that the tests see each break: about 5 minutes.
mutants: build
	@npx tsx mutants/main.ts

check: build
	npx tsc -p tsconfig.test.json
	npx biome check
	npx tsx tools/generate.ts --check

setup: build cli

build: dist/.built

# The archives for the plugin cache: `pulumi plugin install resource odeus <version> -f <file>`.
plugin: build
	@npx tsx tools/pluginArchive.ts

# Starts the embedded Odeus workspace, Entra tenant and OAuth servers, and prints what to export.
sandbox: build
	@node dist/sandbox/main.js

# Finds a Pulumi CLI, or builds the pinned one (about 4 minutes, once).
cli: node_modules/.installed
	@npx tsx tools/pulumiCli.ts

dist/.built: node_modules/.installed $(SOURCES)
	@rm -rf dist
	npx tsc -p tsconfig.json
	npx tsx tools/bundle.ts
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc
	npm ci
	@touch $@

clean:
	rm -rf dist build node_modules .tools
