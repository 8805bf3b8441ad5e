# The two commands of a newcomer: make demo, make test. Every target is idempotent.
BUILD ?= build
JOBS ?= $(shell nproc)
CONFIGURE = cmake $(if $(ARROW_WHEEL_DIR),-DARROW_WHEEL_DIR=$(ARROW_WHEEL_DIR))

.PHONY: build configure demo run test oracle torture bench asan tsan fuzz format lint clean setup

# The two programs; `make test` builds the tests too.
build: configure
	@cmake --build --preset release -j $(JOBS) --target millrace millrace-attempt

configure: setup
	@$(CONFIGURE) --preset release >$(BUILD)-configure.log 2>&1 || { cat $(BUILD)-configure.log; exit 1; }
	@rm -f $(BUILD)-configure.log

setup:
	@scripts/setup.sh

demo: build
	@demo/run.sh

# The server, until Ctrl-C. It says where it listens; DATA_DIR is where it keeps everything.
run: build
	@$(BUILD)/bin/millrace server --data-dir $(if $(DATA_DIR),$(DATA_DIR),$(HOME)/.millrace)

test: configure
	@cmake --build --preset release -j $(JOBS)
	@scripts/setup.sh tests
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

# Low-code manifests, side by side with Airbyte's CDK, which is installed for that.
CDK = .deps/cdk/bin/python
oracle: build
	@scripts/setup.sh tests
	@test -x $(CDK) || { python3 -m venv .deps/cdk && $(CDK) -m pip install -q airbyte-cdk==7.39.1; }
	@$(CDK) -B tests/declarative/oracle/harness/run_cases.py --oracle live --cases tests/declarative/oracle/cases/open \
	  --candidate "$(BUILD)/bin/millrace connector source-declarative-manifest"

# The expensive matrices: 200 kills in every cell, a fault at every call, every format with every codec.
# About two hours; long tests say how far they are.
torture: build
	@cmake --build --preset release -j $(JOBS) --target ssh_test_server
	@scripts/setup.sh tests
	@cd tests && MILLRACE_BUILD=$(CURDIR)/$(BUILD) $(CURDIR)/.deps/venv/bin/python -B -m pytest -q --torture $(PYTEST_ARGS)

# Side by side with other tools; see bench/README.md for scales, cases and what is installed.
bench: build
	@bench/measure.sh $(if $(SCALE),$(SCALE),1) $(if $(RUNS),$(RUNS),3)

# All tests under the address and undefined-behaviour sanitizers, and under the thread one.
# TESTS="-L unit", TESTS="-R golden": some of them.
asan tsan: setup
	@$(CONFIGURE) --preset $@
	@cmake --build --preset $@ -j $(JOBS)
	@scripts/setup.sh tests
	@ctest --test-dir $(BUILD)/$@ --output-on-failure -LE tidy -j $(JOBS) $(TESTS)

# Every *_fuzz.cc for FUZZ_SECONDS each.
fuzz: setup
	@scripts/fuzz.sh $(if $(FUZZ_SECONDS),$(FUZZ_SECONDS),60)

format: setup
	@find src tests -name '*.h' -o -name '*.cc' | xargs -r clang-format-16 -i

lint: build
	@scripts/lint.sh

clean:
	rm -rf $(BUILD)
