#!/usr/bin/env bats
# The model of papers is what "make model" makes, and papers are known by it.

load common

@test "the model that is built in is made again bit for bit" {
	tests/tools/make-model.sh "$BATS_TEST_TMPDIR/papers.model"
	cmp "$BATS_TEST_TMPDIR/papers.model" ocr/data/papers.model
}
