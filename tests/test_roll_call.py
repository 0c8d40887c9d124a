"""How processes find each other, or why not; here the processes are threads."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from glassbrick import (
    ArgumentError,
    ArgumentTypeError,
    DistributedError,
    LostProcessError,
    MissingExtraError,
    distributed,
)
from glassbrick.distributed import roll_call, runtime
from glassbrick.distributed.place import Place, find_place
from glassbrick.distributed.roll_call import Person, call_the_roll
from glassbrick.distributed.watch import Watch
from glassbrick.distributed.wire import Wire

SOON = 20.0  # seconds; a machine that has other work may need some


@pytest.fixture
def port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def answer(port, process, processes, timeout=SOON, version="1"):
    """Answer the call as a process would; return what it found, or the error's message."""
    place = Place("127.0.0.1", port, process, processes)
    person = Person.here(place, {"JAX": version})
    try:
        return call_the_roll(place, person, timeout)
    except DistributedError as error:
        return str(error)


def answers(*calls):
    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: answer(*call), calls))


def test_all_learn_of_each_other(port):
    found = answers(*((port, n, 3) for n in (2, 0, 1)))
    for persons, wires in found:
        assert [person.process for person in persons] == [0, 1, 2]
        assert {person.pid for person in persons} == {os.getpid()}
        for wire in wires.values():
            wire.close()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ((1, 3), r"process 1 \(.*\) was told that there are 3 processes, and process 0 .* are 2"),
        ((1, 2, SOON, "2"), r"process 1 \(.*\) has JAX 2, and process 0 has 1\. Install the same"),
    ],
    ids=["count", "version"],
)
def test_all_are_told_who_does_not_fit(port, other, said):
    found = answers((port, 0, 2), (port, *other))
    assert all(re.search(said, message) for message in found), found


def test_two_of_one_number(port):
    found = answers((port, 0, 3), (port, 1, 3), (port, 1, 3))
    assert all("two processes say that they are process 1" in message for message in found)


def test_those_who_do_not_come_are_named(port):
    found = answers((port, 0, 4, 1.5), (port, 2, 4, 1.5))
    for message in found:
        assert f"processes 1, 3 did not come to 127.0.0.1:{port} within 1.5 seconds" in message
        assert "process 2" in message


def test_nobody_listens(port):
    message = answer(port, 1, 2, 0.5)
    assert f"did not reach process 0 at 127.0.0.1:{port} within 0.5 seconds" in message
    assert "refused" in message


def test_an_unknown_host():
    place = Place("no-such-host.invalid", 7654, 1, 2)
    with pytest.raises(DistributedError, match="did not reach process 0 at no-such-host"):
        call_the_roll(place, Person.here(place, {}), 0.5)


def test_the_port_is_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "process 0 cannot listen" in (first := answer(port, 0, 2))
        assert "the port is in use" in first

        def hang_up():
            connection, _ = taken.accept()
            connection.sendall(b"220 some other server\n")
            connection.close()

        stranger = threading.Thread(target=hang_up)
        stranger.start()
        assert "what answers at 127.0.0.1" in answer(port, 1, 2)
        stranger.join()


def call_by_mistake(port, said):
    """Connect to process 0 as soon as it listens, and say something."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            connection.settimeout(SOON)
            connection.sendall(said)
            return connection
    return None


def person(**differing):
    told = {"process": 1, "processes": 2, "host": "x", "pid": 1, "versions": {"JAX": "1"}}
    return json.dumps({"glassbrick": told | differing}).encode() + b"\n"


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"[" * 60_000 + b"\n",
        b'[{"glassbrick": 1}]\n',
        b'{"glassbrick": [1]}\n',
        person(process=[1]),
        person(processes="2"),
        person(versions=3),
        person(more=1),
        person(process=9),
        person(process=-1),
        person(host="x" * (1 << 17)),
    ],
    ids=lambda said: said[:60].decode().strip(),
)
def test_a_stranger_is_sent_away(port, said):
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(answer, port, 0, 2)
        with call_by_mistake(port, said) as stranger:
            try:
                assert stranger.recv(100) == b""
            except ConnectionResetError:  # not all was read
                assert len(said) > 1 << 16
        second = threads.submit(answer, port, 1, 2)
        for persons, wires in (first.result(), second.result()):
            assert len(persons) == 2
            wires.popitem()[1].close()


def test_nobody_waits_for_strangers_that_say_nothing(port):
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(answer, port, 0, 2, 10.0)
        strangers = [call_by_mistake(port, said) for said in (b"", b"{", b"")]
        second = threads.submit(answer, port, 1, 2, 10.0)
        for persons, wires in (first.result(), second.result()):
            assert len(persons) == 2
            wires.popitem()[1].close()
        for stranger in strangers:
            with stranger:
                assert stranger.recv(100) == b""


def test_who_says_nothing_is_sent_away_and_it_is_told_who_is_waited_for(port, monkeypatch, capsys):
    monkeypatch.setattr(roll_call, "_PATIENCE", 0.3)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(answer, port, 0, 3)
        with call_by_mistake(port, b"") as stranger:
            assert stranger.recv(100) == b""
        assert not first.done()
        deadline, said = time.monotonic() + SOON, ""
        while not said and time.monotonic() < deadline:
            said = capsys.readouterr().err
        assert said == f"glassbrick: waiting for processes 1, 2 to come to 127.0.0.1:{port}\n"
        call_by_mistake(port, person(processes=4)).close()
        assert "was told that there are 4 processes" in first.result()


@pytest.fixture
def wires():
    """Two ends of a connection; the second takes messages of 100,000 bytes at most."""
    first, second = socket.socketpair()
    if first.family != socket.AF_INET:  # no other kind can do without delay
        first.close(), second.close()
        with socket.create_server(("127.0.0.1", 0)) as door:
            first = socket.create_connection(door.getsockname())
            second, _ = door.accept()
    ends = first, Wire(second, 100_000)
    yield ends
    for end in ends:
        end.close()


def test_messages_come_whole_in_whatever_pieces(wires):
    connection, wire = wires
    sent = [{"n": n, "text": "\u00e9" * (n % 7)} for n in range(200)] + [{"long": "x" * 90_000}]
    data = b"".join(json.dumps(message).encode() + b"\n" for message in sent)
    sender = threading.Thread(
        target=lambda: [connection.sendall(data[at : at + 333]) for at in range(0, len(data), 333)]
    )
    sender.start()
    came = []
    while len(came) < len(sent):
        came += wire.receive()
    sender.join()
    assert came == sent


@pytest.mark.parametrize(
    "sent",
    [b"1\n", b"{}\n[]\n", b"{\n", b'{"long": "' + b"x" * 300_000 + b'"}\n'],
    ids=["a number", "a list", "no end", "long"],
)
def test_what_is_no_message(wires, sent):
    connection, wire = wires
    connection.sendall(sent)
    assert wire.first_message(time.monotonic() + SOON) is None


@pytest.fixture
def watches(port):
    """The watches of three processes."""
    found = answers(*((port, n, 3) for n in range(3)))
    made = [Watch(n, *each, silence=SOON) for n, each in enumerate(found)]
    for watch in made:
        watch.start()
    yield made
    for watch in made:
        watch.end()


def together(calls):
    with ThreadPoolExecutor(len(calls)) as threads:
        return [one.result() for one in [threads.submit(*call) for call in calls]]


def test_values_are_exchanged_in_order(watches):
    for round_ in range(20):
        values = [{"round": round_, "of": n} for n in range(3)]
        found = together([(watch.exchange, values[n]) for n, watch in enumerate(watches)])
        assert found == [values] * 3


def test_all_get_what_comes_out_of_json(watches):
    found = together([(watch.exchange, {"is": (1, 2)}) for watch in watches])
    assert found == [[{"is": [1, 2]}] * 3] * 3


def test_what_json_cannot_hold_is_refused_before_anybody_hears_of_it(watches):
    for watch in watches[:2]:
        for value in ({1, 2}, watch, {(1, 2): 3}):
            with pytest.raises(
                ArgumentTypeError, match=r"Cluster\.gather, value: .* JSON can hold"
            ):
                watch.exchange(value)
    assert together([(watch.exchange, 1) for watch in watches]) == [[1, 1, 1]] * 3


def test_who_gives_signs_of_life_is_not_lost(port):
    found = answers(*((port, n, 2) for n in range(2)))
    watches = [Watch(n, *each, silence=2.5) for n, each in enumerate(found)]
    for watch in watches:
        watch.start()
    time.sleep(4.0)
    for watch in watches:
        watch.require_all()
        watch.end()


def test_whoever_finds_that_one_has_ended_tells_all(watches):
    watches[1].end()
    error = None
    while error is None:
        error = watches[0].what_happened(0.1)
    assert "process 1 of 3" in str(error)
    assert "process 1 of 3" in str(watches[2].what_happened(SOON))
    assert watches[0]._lost_at > 0.0
    assert watches[2]._loss == watches[0]._loss


def test_silence_is_longer_than_two_signs_of_life():
    with pytest.raises(ArgumentError, match=r"distributed\.start, silence: .* greater than 2"):
        distributed.start("127.0.0.1:7654", processes=2, process=0, silence=2.0)


def test_who_needs_jax_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.delitem(sys.modules, "jax")
    monkeypatch.setattr("glassbrick.jax_import.import_module", _no_module)
    with pytest.raises(MissingExtraError, match=r"^distributed\.start"):
        runtime.versions()


def _no_module(name):
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_all_are_told_of_the_first_that_fails(watches):
    watches[2].fail("it ended with FileError: no room")
    watches[1].advice = "Start again."
    for watch in watches[:2]:
        error = watch.what_happened(SOON)
        assert (error.process, error.host) == (2, socket.gethostname())
        assert "process 2 of 3" in str(error)
        assert "was lost: it ended with FileError: no room." in str(error)
        with pytest.raises(LostProcessError):
            watch.exchange(None)
    assert str(watches[1].what_happened(0.0)).endswith("no room. Start again.")


def test_who_ends_is_no_loss_until_it_is_needed(watches):
    watches[1].end()
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(watches[2].exchange, 2)
        with pytest.raises(LostProcessError, match=r"process 1 of 3.* it had ended before"):
            watches[0].exchange(0)
        with pytest.raises(LostProcessError, match=r"process 1 of 3.* it had ended before"):
            other.result()


def test_who_is_silent_is_lost(port):
    found = answers(*((port, n, 2) for n in range(2)))
    watch = Watch(0, *found[0], silence=1.5)  # and nobody sends a pulse from the other end
    watch.start()
    error = watch.what_happened(SOON)
    assert "process 1 of 2" in str(error)
    assert "no sign of life for 1.5 seconds" in str(error)
    watch.end()
    found[1][1][0].close()


def test_a_place_is_told_or_found(monkeypatch):
    assert find_place("10.0.0.1:7654", 4, 3) == Place("10.0.0.1", 7654, 3, 4)
    assert find_place("[::1]:80", 1, 0).address == "[::1]:80"
    slurm = {
        "JOB_ID": "77",
        "STEP_NODELIST": "node[007-010],other3",
        "NTASKS": "8",
        "PROCID": "5",
        "LOCALID": "1",
    }
    for name, value in slurm.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    found = find_place(None, None, None)
    assert (found.host, found.process, found.processes) == ("node007", 5, 8)
    assert found.devices == (1,)
    assert find_place("10.0.0.1:7654", None, None).address == "10.0.0.1:7654"


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("[::1]", True), ("localhost", True), ("10.0.0.1", False)],
)
def test_places_that_only_this_machine_finds(host, is_local):
    assert find_place(f"{host}:7654", 2, 0).is_local == is_local


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (("10.0.0.1", 2, 0), ArgumentError, "HOST:PORT"),
        (("10.0.0.1:70000", 2, 0), ArgumentError, "HOST:PORT"),
        ((7654, 2, 0), ArgumentTypeError, "HOST:PORT"),
        (("a:1", 2, 2), ArgumentError, "a number from 0 to 1"),
        (("a:1", 0, 0), ArgumentError, "at least 1"),
        (("a:1", 2, True), ArgumentTypeError, "a whole number"),
        (("a:1", 2, None), DistributedError, "no cluster was found .* not given: process"),
    ],
)
def test_places_that_there_are_not(given, kind, said):
    with pytest.raises(kind, match=said):
        find_place(*given)
