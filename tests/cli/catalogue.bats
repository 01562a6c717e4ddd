# sohoa catalogue test: a new paper type is a change of data only.

load common

setup() {
	T=$BATS_TEST_TMPDIR
	mkdir -p "$T/c"
	cp schemas/paper-types.json schemas/procedures.json "$T/c"
	cat > "$T/new.txt" <<'END'
=== giay-ra-vien
number: 22/10345
name: TRẦN THỊ NGA
issue_date: 2022-06-09
---
SỞ Y TẾ TỈNH HÀ NAM                   CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
BỆNH VIỆN ĐA KHOA TỈNH                    Độc lập - Tự do - Hạnh phúc
Số: 22/10345

                            GIẤY RA VIỆN

Họ tên người bệnh: TRẦN THỊ NGA
Chẩn đoán: Viêm ruột thừa cấp

                                  Hà Nam, ngày 09 tháng 6 năm 2022
END
}

# A paper type that the built-in catalogue does not know.
add_type() {
	python3 - "$T/c/paper-types.json" <<'END'
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    c = json.load(f)
c["types"].append({
    "slug": "giay-ra-vien", "name": "Giấy ra viện",
    "name_en": "Hospital discharge paper", "source": "M",
    "validity": {"kind": "always"}, "retention_years": 10,
    "duplicate": "link", "number": "number", "issued": "issue_date",
    "issuer": None,
    "recognise": {"titles": ["GIẤY RA VIỆN"],
        "words": ["chẩn đoán", "ra viện", "người bệnh"], "issuer": True},
    "fields": [
        {"name": "number", "find": [{"at": "number"}]},
        {"name": "name", "find": [{"text": ["Họ tên người bệnh"]}]},
        {"name": "issue_date", "find": [{"at": "date"}]}],
    "holders": [{"role": "subject", "name": "name", "files": True}]})
with open(sys.argv[1], "w", encoding="utf-8") as f:
    json.dump(c, f, ensure_ascii=False)
END
}

@test "the built-in catalogue knows its examples" {
	run "$SOHOA" catalogue test tests/papers/civil.txt
	[ "$status" -eq 0 ]
	[[ "$output" == *"types right"* ]]
}

@test "a type that is added as data is known and read" {
	run "$SOHOA" catalogue test --catalogue "$T/c" "$T/new.txt"
	[ "$status" -eq 65 ]
	add_type
	run "$SOHOA" catalogue test --catalogue "$T/c" "$T/new.txt"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"3 of 3 fields exact"* ]]
}

@test "examples that are none are refused with their line" {
	printf 'giấy khai sinh\n' > "$T/bad.txt"
	run "$SOHOA" catalogue test "$T/bad.txt"
	[ "$status" -eq 65 ]
	printf '=== cccd\nname: A\n' > "$T/bad.txt"
	run "$SOHOA" catalogue test "$T/bad.txt"
	[ "$status" -eq 65 ]
	echo '{' > "$T/c/paper-types.json"
	run "$SOHOA" catalogue test --catalogue "$T/c"
	[ "$status" -eq 65 ]
}
