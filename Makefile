# sohoa: one Makefile, not recursive.
#
#   make demo                install what is needed, build, run the main job
#   make check               install what the tests need too, and pass them
#   make                     build
#   make build=asan check    the same under AddressSanitizer and UBSan
#   make lint                layers, names, headers alone, man pages
#   make torture             every fault at every point, for hours
#   make model               what papers are known by, made again
#   make bench-reading       every bar of reading, beside plain Tesseract
#   make bench-archive       the store beside LMDB, SQLite and files
#   make bench-signing       the same of signing and verifying alone
#   make bench-renditions    bytes and errors of reading by profile
#   make bench               speed, memory, bytes and accuracy beside the peers
#   make bench-bulk          a back catalogue beside the peers
#   make torture-text        100,000 filled copies, 1,000 papers slipped in
#   make torture-intake      kill -9 at random moments, and converge
#   make install PREFIX=/usr/local
#
# build=release|debug|asan|fuzz; everything made lies in out/$(build).

build ?= release
O := out/$(build)
PREFIX ?= /usr/local
DESTDIR ?=
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

# ---- what the system must have -------------------------------------------

BUILD_PACKAGES := gcc g++ libc6-dev pkg-config \
	libtesseract-dev libleptonica-dev libtiff-dev libjpeg62-turbo-dev \
	libpng-dev libqpdf-dev libzxing-dev libzbar-dev libjansson-dev \
	liblmdb-dev libsqlite3-dev libzstd-dev libssl-dev libunistring-dev \
	libseccomp-dev zlib1g-dev libharfbuzz-dev libpango1.0-dev \
	libcairo2-dev libqrencode-dev libopenjp2-7-dev libwebp-dev libgif-dev \
	libcurl4-openssl-dev libp11-kit-dev
RUN_PACKAGES := tesseract-ocr-vie tesseract-ocr-eng poppler-utils \
	fonts-liberation2
TEST_PACKAGES := libcmocka-dev bats perl qpdf openssl gnutls-bin gpgsm \
	mandoc default-jre-headless libpdfbox2-java libfontbox2-java \
	libcommons-logging-java libjaxb-api-java libactivation-java python3 \
	python3-jsonschema python3-lmdb python3-cryptography \
	python3-zstandard libxml2-utils gpg-agent strace valgrind jbig2dec \
	liblinear-dev softhsm2 opensc faketime binutils util-linux procps bc \
	bsdextrautils chromium xvfb
BENCH_PACKAGES := tesseract-ocr ocrmypdf time

# ---- compiler ------------------------------------------------------------

CC := gcc
CXX := g++
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wundef -Wvla -Wformat=2
CWARN = $(WARN) -Wstrict-prototypes -Wmissing-prototypes
# V=1 shows the commands.
ifneq ($(V),1)
QUIET = @echo "  $(1) $@";
endif
ifdef WERROR
WARN += -Werror
endif
CPPFLAGS := -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-isystem /usr/include/leptonica -isystem /usr/include/tesseract \
	-isystem /usr/include/openjpeg-2.5
CFLAGS.release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
CFLAGS.debug := -O0 -g3 -DSH_FAULTS
CFLAGS.asan := -O1 -g -fno-omit-frame-pointer -DSH_FAULTS \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS.fuzz := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined
ifeq ($(build),fuzz)
CC := clang
CXX := clang++
endif
COMMON := $(CFLAGS.$(build)) -fPIE -fstack-protector-strong -ffp-contract=off
CFLAGS = -std=c11 $(CWARN) $(COMMON)
CXXFLAGS = -std=c++17 $(WARN) $(COMMON)
LDFLAGS = $(CFLAGS.$(build)) -pie -Wl,-z,relro,-z,now,--as-needed

# ---- layers, left to right -----------------------------------------------

LAYERS := base schemas ocr signing archive pipeline
src = $(wildcard $(1)/*.c) $(wildcard $(1)/*.cpp)
obj = $(patsubst %,$(O)/%.o,$(basename $(call src,$(1))))
LIBS := $(foreach l,$(LAYERS),$(O)/lib$(l).a)
# The linker reads a library once: the layers in reverse order.
LINK := $(foreach l,pipeline archive signing ocr schemas base,$(O)/lib$(l).a)
SYSLIBS := -ltesseract -llept -ltiff -ljpeg -lpng -lopenjp2 -lwebp \
	-lgif -lqpdf -lZXing -lzbar \
	-lharfbuzz-subset -lharfbuzz -lseccomp -llmdb -lsqlite3 -lzstd \
	-ljansson -lunistring -lqrencode -lcurl -lcrypto -lz -lm -lpthread -ldl

PROGRAMS := $(O)/sohoa $(O)/sohoa-worker
TESTS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c) \
	$(wildcard tests/conform/test_*.c) $(wildcard tests/fault/test_*.c) \
	$(wildcard tests/golden/test_*.c))
TOOLS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/tools/*.c))
BENCHES := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/bench/*.c))
FUZZERS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
SAMPLES := $(if $(wildcard samples/*.c),$(O)/samples/sample)

.PHONY: all
all: $(PROGRAMS) $(SAMPLES)

$(foreach l,$(LAYERS),$(eval $(O)/lib$(l).a: $(call obj,$(l))))
$(LIBS):
	@rm -f $@
	$(call QUIET,AR )$(AR) rcs $@ $^

# Embedded data: an object is as new as the data of its folder.
$(call obj,schemas): $(wildcard schemas/*.json)
$(call obj,ocr): $(wildcard ocr/data/*)
$(call obj,signing): $(wildcard signing/data/*)
$(call obj,samples): $(wildcard samples/papers/*.txt)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(call QUIET,CC )$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(O)/%.o: %.cpp
	@mkdir -p $(@D)
	$(call QUIET,CXX)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(O)/sohoa: $(call obj,pipeline/cmd) $(LINK)
	$(call QUIET,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(SYSLIBS)
$(O)/sohoa-worker: $(call obj,pipeline/worker) $(LINK)
	$(call QUIET,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(SYSLIBS)

# Test programs see the worker's rooms too, but not its main.
WORKER_OBJ = $(filter-out %/main.o,$(call obj,pipeline/worker))
$(TESTS) $(TOOLS) $(BENCHES): $(O)/tests/%: $(O)/tests/%.o $(WORKER_OBJ) $(LINK)
	$(call QUIET,LD )$(CXX) $(LDFLAGS) -o $@ $^ -lcmocka -lqrencode \
	    -llinear $(SYSLIBS)

# make build=fuzz fuzzers; then $(O)/tests/fuzz/fuzz_X tests/fuzz/corpus/X
$(FUZZERS): $(O)/tests/%: $(O)/tests/%.o $(WORKER_OBJ) $(LINK)
	$(call QUIET,LD )$(CXX) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(SYSLIBS)

# The sample generator draws: the only user of pango and cairo.
PANGO = $(shell pkg-config --cflags pangocairo)
$(O)/samples/%.o: CPPFLAGS += $(PANGO)
$(O)/samples/sample: $(call obj,samples) $(LINK)
	$(call QUIET,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs pangocairo) \
	    $(SYSLIBS)

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# ---- set-up ----------------------------------------------------------------

# Installs only what is missing, as root or through sudo.
define install-packages
@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | \
	grep -q '^install ok installed' || echo $$p; done); \
if [ -n "$$missing" ]; then \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "installing:" $$missing; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends $$missing; \
fi
endef

.PHONY: setup setup-test setup-bench
setup:
	$(call install-packages,$(BUILD_PACKAGES) $(RUN_PACKAGES))
setup-test: setup
	$(call install-packages,$(TEST_PACKAGES))
setup-bench: setup-test
	$(call install-packages,$(BENCH_PACKAGES))

# ---- the two commands ------------------------------------------------------

.PHONY: demo check test lint bench bench-reading
demo: setup
	@$(MAKE) all
	@O=$(O) samples/demo.sh

check: setup-test
	@$(MAKE) all tests lint
	@$(MAKE) test

.PHONY: tests fuzzers
tests: $(TESTS) $(TOOLS)
fuzzers: $(FUZZERS)

# T=tests/unit/test_text.c (or several) runs just those.
test:
	@O=$(O) BUILD=$(build) tests/run $(T)

# Each kill point, power-cut image, failed call, flipped bit; tables at the end.
.PHONY: torture
torture: setup-test
	@$(MAKE) all tests
	@O=$(O) BUILD=$(build) SOHOA_TORTURE=100000 V=1 J=2 tests/run \
	    $(wildcard tests/fault/test_archive_*.c)

lint: all
	@O=$(O) CC="$(CC)" tests/lint/lint.sh

# What papers and marks are known by, from generated papers and our own words.
.PHONY: model
model: setup-test
	@$(MAKE) $(O)/samples/sample $(O)/tests/tools/train
	@O=$(O) tests/tools/make-model.sh ocr/data/papers.model \
	    ocr/data/marks.model

# Papers that only their text tells apart; tests/cli/apart.bats does a few.
.PHONY: torture-text
torture-text: all $(O)/tests/tools/pairs $(O)/tests/tools/swaps
	$(O)/samples/sample texts -n 10 --seed 21 | \
	    $(O)/tests/tools/pairs --copies 24 --others 20000
	$(O)/samples/sample texts -n 20 --seed 33 | \
	    $(O)/tests/tools/swaps --swaps 1000

# KILLS, DOSSIERS, SET: tests/fault/torture_intake.sh
.PHONY: torture-intake bench-bulk
torture-intake: all
	@O=$(O) tests/fault/torture_intake.sh

bench-bulk: setup-bench
	@$(MAKE) all
	@tests/bench/bench_bulk.py $(O)

bench: setup-bench
	@$(MAKE) all $(BENCHES)
	@tests/bench/bench.py $(O)
	@printf '\nsignatures\n\n'
	@tests/bench/signing.py $(O)
	@printf '\nrenditions\n\n'
	@tests/bench/renditions.py $(O) $(or $(DOSSIERS),6)

# Pages and dossiers with truth lie beside the checkout, or in SOHOA_SHARED;
# QUICK=1 takes a page of each class and three dossiers.
bench-reading: setup
	@$(MAKE) all $(O)/tests/bench/bench_reading $(O)/tests/bench/bench_codes \
	    $(O)/tests/tools/corpus
	@QUICK=$(QUICK) tests/bench/reading.sh $(O) "$${SOHOA_SHARED:-../shared}"

# Against raw LMDB, SQLite and a file per blob.
.PHONY: bench-archive
bench-archive: setup
	@$(MAKE) $(addprefix $(O)/tests/bench/bench_,store reader archive near)
	@$(O)/tests/bench/bench_store $(or $(CHANGES),1000000)
	@$(O)/tests/bench/bench_reader
	@$(O)/tests/bench/bench_archive $(or $(DOCUMENTS),100000)
	@$(O)/tests/bench/bench_near $(or $(DOCUMENTS),100000)

# What signing and verifying cost, and the verdicts on the corpora.
.PHONY: bench-signing
bench-signing: setup-test
	@$(MAKE) $(O)/tests/bench/bench_signing $(O)/tests/tools/verdicts
	@tests/bench/signing.py $(O)

# Bytes, errors of reading, time by profile; pictures in out/renditions.
.PHONY: bench-renditions
bench-renditions: setup
	@$(MAKE) all $(O)/tests/bench/bench_renditions
	@tests/bench/renditions.py $(O) $(DOSSIERS)

.PHONY: install clean
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/sohoa \
	    $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5 \
	    $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(O)/sohoa $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(O)/sohoa-worker $(DESTDIR)$(PREFIX)/libexec/sohoa
	install -m 644 pipeline/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 pipeline/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 pipeline/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8

clean:
	rm -rf out
