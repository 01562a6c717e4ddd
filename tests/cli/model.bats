#!/usr/bin/env bats
# The models of papers and of marks are what "make model" makes.

load common

@test "the models that are built in are made again bit for bit" {
	tests/tools/make-model.sh "$BATS_TEST_TMPDIR/papers.model" \
	    "$BATS_TEST_TMPDIR/marks.model"
	cmp "$BATS_TEST_TMPDIR/papers.model" ocr/data/papers.model
	cmp "$BATS_TEST_TMPDIR/marks.model" ocr/data/marks.model
}
