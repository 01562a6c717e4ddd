# Little ink on much noisy paper: what busied the engine for minutes.

load common

# The words that are read on a card on a sheet, damaged as $1 says.
words_of_card() {
	"$SAMPLE" page --type the-bhyt --seed 30092 --variant 1 \
	    --degrade "$1" -o "$BATS_TEST_TMPDIR/card.png"
	OMP_THREAD_LIMIT=1 timeout 100 "$O/tests/tools/read_page" --text \
	    "$BATS_TEST_TMPDIR/card.png"
}

@test "a tinted card on a white sheet is read" {
	words_of_card "" | grep -q "DN4366428223335"
}

@test "a card on a noisy sheet is read" {
	words_of_card scan,noise=30 | grep -q "DN4366428223335"
}

@test "a pale card on a noisy sheet is read" {
	words_of_card scan,noise=15,fade=50 | grep -q "Đỗ Bảo Ngân"
}

@test "a faint card on a noisy sheet is read" {
	words_of_card scan,noise=15,fade=40 | grep -q "Đỗ Bảo Ngân"
}

@test "a card too faint to read goes to a person, it is not blank" {
	words_of_card scan,noise=15,fade=30 > "$BATS_TEST_TMPDIR/words"
	OMP_THREAD_LIMIT=1 "$O/tests/tools/read_page" --json \
	    "$BATS_TEST_TMPDIR/card.png" | grep -vq '"state":"blank"'
}
