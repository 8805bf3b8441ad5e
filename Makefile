# The two commands of a newcomer: make demo, make test. Both are idempotent.
BUILD ?= build
JOBS ?= $(shell nproc)

.PHONY: build demo test torture bench asan tsan fuzz format lint clean setup

build: setup
	@cmake --preset release $(if $(ARROW_WHEEL_DIR),-DARROW_WHEEL_DIR=$(ARROW_WHEEL_DIR)) >$(BUILD)-configure.log 2>&1 || { cat $(BUILD)-configure.log; exit 1; }
	@rm -f $(BUILD)-configure.log
	@cmake --build --preset release -j $(JOBS)

setup:
	@scripts/setup.sh

demo: build
	@demo/run.sh

test: build
	@scripts/setup.sh tests
	@ctest --test-dir $(BUILD) --output-on-failure

clean:
	rm -rf $(BUILD)
