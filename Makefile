# BrainBytes: `make help` lists what can be made.
PRESET ?= release
export PRESET

.DEFAULT_GOAL := help
.PHONY: help run build dev test test-long test-ha test-deploy test-watch test-aws lint format bench eval load-test coverage fuzz security hooks clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, build, start (SERVE="--options")
	@exec scripts/run $(SERVE)

build: ## leave the program in bin/brainbytes
	@scripts/packages run build
	@scripts/build

dev: ## start, and build and reload on every save
	@exec scripts/dev

test: ## unit, API, command-line and browser tests, ten seconds of fuzzing (SUITES="unit api cli web fuzz" FILES=pattern)
	@exec scripts/test $(SUITES)

test-long: ## the same with long counts: 100 kills of backups, restores, migrations; fuzzing; the release before; reproducible build; compile times
	@BB_LONG=1 scripts/test $(SUITES)
	@scripts/fuzz 600
	@scripts/test-previous
	@scripts/test-reproducible
	@scripts/lint-compile-time

test-ha: ## as root: three hosts of deploy/ha in network namespaces, broken in turn under load
	@exec scripts/test-ha

test-deploy: ## as root: twelve releases to three hosts in network namespaces under load; prints what people met
	@BB_LONG=1 FILES=/twelve_releases scripts/test cli

test-watch: ## a day of faults and a quiet week in simulated time: which alarms, incidents and messages came; then real mails and hooks
	@scripts/packages run build test
	@scripts/build unit_watch
	@BB_LONG=1 build/$(PRESET)/unit/unit_watch --gtest_filter='Day*' --gtest_brief=1
	@FILES=/incidents scripts/test api

test-aws: ## deploy/aws made and taken away again in an emulated AWS; needs terraform, its provider and moto
	@BB_LONG=1 FILES=/aws scripts/test cli

lint: ## formatting, clang-tidy, include arrows, migrations, page types, ESLint
	@exec scripts/lint

format: ## rewrite the layout of C++ and page sources
	@exec scripts/format

bench: ## speed beside nginx, pgbench and a bare upstream, as ratios; lighthouse (PARTS="health threads")
	@exec scripts/bench $(PARTS)

eval: ## quality of retrieval on 366 questions over documents of Debian, beside plain BM25 and WordNet
	@exec scripts/eval

load-test: ## artillery with load-test.yml: on a server of its own, or a running one (URL=https://...)
	@exec scripts/load-test $(URL)

coverage: ## line coverage per folder; fails under the agreed figures
	@exec scripts/coverage

fuzz: ## fuzz every target for 60 seconds (SECONDS_EACH=60)
	@scripts/fuzz $(or $(SECONDS_EACH),60)

security: ## what the daily scan runs: fuzz, sanitizers, advisories, secrets, headers, sqlmap, wapiti (STEPS="secrets attack")
	@exec scripts/security $(STEPS)

hooks: ## check format and quick rules before each commit
	@scripts/install-hooks

clean: ## remove everything built (never your data in var/)
	@rm -rf build bin coverage web/dist web/.build-* web/node_modules node_modules packages/*/node_modules
