"""The file of records: cut anywhere, damaged anywhere, written over by turns."""

from pathlib import Path

import pytest

from mixtura.journal.records import Records, opened
from tests.journal.cases import ends, kinds


def records(path: Path, *contents: bytes) -> Records:
    found = opened(path, b"text")
    for content in contents:
        found.add(content)
    return found


def opened_and_closed(path: Path) -> list[bytes]:
    found = opened(path, b"text")
    contents = [found.read(i) for i in range(len(found))]
    found.close()
    return contents


def test_a_file_cut_anywhere_holds_its_whole_records(path: Path) -> None:
    """With slots of sums under way among them."""
    found = records(path, b"one", b"")
    for content in (b"half", b"more than half", b"all"):
        found.hold(content)
    found.add(b"three" * 20)
    found.close()
    whole, at = path.read_bytes(), ends(path)
    for end in range(at[0], len(whole) + 1):
        path.write_bytes(whole[:end])
        again = opened(path, b"text")
        count = sum(e <= end for e, kind in zip(at[1:], kinds(whole, at), strict=True) if kind == b"sums")
        assert [again.read(i) for i in range(len(again))] == [b"one", b"", b"three" * 20][:count]
        again.add(b"new")
        again.close()
        assert opened_and_closed(path) == [*[b"one", b"", b"three" * 20][:count], b"new"]
    for end in range(at[0]):
        path.write_bytes(whole[:end])
        with pytest.raises(Exception, match="it is empty" if end == 0 else "ends within its header"):
            opened(path, b"text")


def test_a_bit_that_turned_is_found_wherever_it_is(path: Path) -> None:
    """A slot then holds nothing; the last record may be what a killed writer left; all else is told."""
    found = records(path, b"one", b"two" * 5)
    found.hold(b"half")
    found.add(b"three")
    found.close()
    whole, at = path.read_bytes(), ends(path)
    for byte in range(len(whole)):
        path.write_bytes(whole[:byte] + bytes([whole[byte] ^ 4]) + whole[byte + 1 :])
        try:
            contents = opened_and_closed(path)
        except Exception as error:
            assert type(error).__name__ == "Damage"
            assert byte < at[2] or at[2] <= byte < at[2] + 20 or at[3] <= byte < at[3] + 20
            continue
        assert contents == [b"one", b"two" * 5, b"three"][: 2 if byte >= at[3] else 3]
        assert byte >= at[2]


def test_a_half_written_slot_leaves_the_other(path: Path) -> None:
    found = records(path, b"one")
    assert found.latest() is None
    for content in (b"1st", b"2nd", b"3rd"):
        found.hold(content)
        latest = found.latest()
        assert latest is not None and latest.startswith(content)
    found.close()
    whole, (_, _, first, second) = path.read_bytes(), ends(path)
    path.write_bytes(whole[: first - 3] + b"XXX" + whole[first:])
    again = opened(path, b"text")
    latest = again.latest()
    assert latest is not None and latest.startswith(b"2nd") and len(again) == 1 and second == len(whole)
    again.hold(b"4th")
    latest = again.latest()
    assert latest is not None and latest.startswith(b"4th") and path.stat().st_size == len(whole)
    again.close()


def test_zeros_at_the_end_are_cut_off(path: Path) -> None:
    records(path, b"one").close()
    path.write_bytes(path.read_bytes() + bytes(500))
    assert opened_and_closed(path) == [b"one"]


def test_records_cannot_change_places_or_files(path: Path) -> None:
    records(path, b"one", b"two").close()
    whole, (head, first, second) = path.read_bytes(), ends(path)
    path.write_bytes(whole[:head] + whole[first:second] + whole[head:first])
    with pytest.raises(Exception, match="not what was written"):
        opened(path, b"text")
    path.write_bytes(whole[:head] + whole[first:second])
    with pytest.raises(Exception, match="not what was written"):
        opened(path, b"text")


def test_records_of_another_fit_cannot_follow(path: Path) -> None:
    """Though they are sound where they come from, and of the same length."""
    records(path, b"one", b"two", b"three").close()
    ours, (_, first, *_) = path.read_bytes(), ends(path)
    path.unlink()
    records(path, b"ONE", b"two", b"three").close()
    path.write_bytes(ours[:first] + path.read_bytes()[first:])
    with pytest.raises(Exception, match="not what was written"):
        opened(path, b"text")
