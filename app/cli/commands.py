"""The command line: a script file in; wav and captions out.

Only argparse is imported before a command is known, so that `--help` is quick.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from app.environment import prepare_environment

if TYPE_CHECKING:
    from app.backend.pipeline_pool import PipelinePool
    from app.cli.speak_to_files import SpeakOrder
    from pipeline.datatypes.script import Script

INTERRUPTED = 130
BYTES_PER_SECOND = 32_000
WORK_BYTES_PER_SECOND = 70_000
"""Of turns that wait in the work folder: samples of 4 bytes, and ids."""

CAPTION_CHOICES = ("json", "srt", "vtt")


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str]) -> int:
    """Run a command and give the exit code: 0, or another with one line on stderr.

    Args:
        arguments: without the program's name.
    """
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    prepare_environment()
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except KeyboardInterrupt as stop:
        kept = "; ".join(getattr(stop, "__notes__", [])) or "nothing was written"
        return _fail(f"cancelled; {kept}", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the one place where anything becomes one line
        if options.debug:
            traceback.print_exc()
        return _fail("; ".join([_describe(error), *getattr(error, "__notes__", [])]), 1)
    return 0


def _describe(error: Exception) -> str:
    from pipeline.errors import DialogueError

    if isinstance(error, DialogueError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}"
    return f"unexpected {type(error).__name__}: {error} (a bug; --debug shows where)"


def _fail(message: str, code: int) -> int:
    one_line = " ".join(message.split())
    print(
        f"\r\033[Kerror: {one_line}" if sys.stderr.isatty() else f"error: {one_line}",
        file=sys.stderr,
    )
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="python -m app", description="Speak a script for two or more people."
    )
    parser.set_defaults(debug=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_OneLineParser)

    speak = commands.add_parser("speak", help="speak a script file into a wav")
    speak.add_argument("script", help="script file, or - for standard input")
    speak.add_argument("-o", "--output", type=Path, required=True, help="wav to write")
    speak.add_argument(
        "--voice",
        action="append",
        default=[],
        metavar="S1=VOICE",
        help="a voice's name, a recording, a voice file, or 'surprise'; once per speaker",
    )
    speak.add_argument("--seed", type=_seed, default=0, help="same seed, same audio (default 0)")
    speak.add_argument(
        "--retakes",
        type=_retakes,
        default=0,
        metavar="N",
        help="speak up to N turns again that do not sound like their voice (default 0)",
    )
    speak.add_argument(
        "--captions", action="append", default=[], choices=CAPTION_CHOICES, help="repeatable"
    )
    speak.add_argument("--stems", action="store_true", help="also one wav per speaker")
    speak.add_argument(
        "--resume", action="store_true", help="go on with what a stopped run has finished"
    )
    speak.set_defaults(run=_speak)
    _add_model_options(speak)

    estimate = commands.add_parser("estimate", help="tell what speaking a script would take")
    estimate.add_argument("script", help="script file, or - for standard input")
    estimate.add_argument("--measure", action="store_true", help="measure this machine anew")
    estimate.set_defaults(run=_estimate)
    _add_model_options(estimate)

    voices = commands.add_parser("voices", help="list the voices there are")
    voices.set_defaults(run=_voices)
    _add_model_options(voices)

    voice = commands.add_parser("voice", help="manage your own voices")
    actions = voice.add_subparsers(required=True, metavar="ACTION", parser_class=_OneLineParser)
    add = actions.add_parser("add", help="make a voice of 1 to 60 s of one person speaking")
    add.add_argument("name", help="lower-case letters, digits, '-' and '_'")
    add.add_argument("recording", type=Path)
    add.add_argument("--licence-note", default="", help="origin, licence, consent of the speaker")
    add.set_defaults(run=_add_voice)
    _add_model_options(add)
    return parser


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="small", help="shipped size, or folder of weights")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2^63 - 1")
    return int(text)


def _retakes(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _speak(options: argparse.Namespace) -> None:
    from app.backend.pipeline_pool import load_pool
    from app.cli.speak_to_files import SpeakOrder
    from app.cli.work_folder import WorkFolder, work_folder_path
    from app.export.files import check_can_write
    from pipeline.config.limits import LimitsConfig
    from pipeline.errors import ConfigError
    from pipeline.script_to_turns.parse import script_to_turns

    wav: Path = options.output
    _check_output_name(wav)
    check_can_write(wav)
    if options.retakes and options.resume:
        raise ConfigError(
            "--retakes needs all turns at once and keeps none on the way, so there is nothing to "
            "--resume; leave out one of the two"
        )
    if not (options.resume or options.retakes):
        WorkFolder(work_folder_path(wav)).refuse_unfinished()
    text = _read_script(options.script)
    voices = _wanted_voices(options.voice)
    script = script_to_turns(text, LimitsConfig())
    pool = load_pool(options.model, options.device)
    _check_space(options, pool, script)
    found = {
        speaker: None if name is None else pool.find_voice(name) for speaker, name in voices.items()
    }
    order = SpeakOrder(
        text=text,
        script=script,
        voices=found,
        seed=options.seed,
        wav=wav,
        captions=options.captions,
        stems=options.stems,
        resume=options.resume,
    )
    if options.retakes:
        _speak_with_retakes(pool, order, options.retakes)
    else:
        _speak_turn_by_turn(pool, order)


def _check_space(options: argparse.Namespace, pool: "PipelinePool", script: "Script") -> None:
    from app.export.files import check_can_write, companion_paths

    speakers = list(dict.fromkeys(turn.speaker for turn in script.turns)) if options.stems else []
    bytes_per_second = BYTES_PER_SECOND * (1 + len(speakers))
    if not options.retakes:
        bytes_per_second += WORK_BYTES_PER_SECOND
    seconds = pool.shared.estimate_seconds(script)
    check_can_write(options.output, int(seconds * bytes_per_second))
    for path in companion_paths(options.output, options.captions, speakers):
        check_can_write(path)


def _speak_turn_by_turn(pool: "PipelinePool", order: "SpeakOrder") -> None:
    from app.backend.cost import expectation_of
    from app.cli.progress_line import ProgressLine
    from app.cli.speak_to_files import speak_to_files

    expectation = expectation_of(pool)
    progress = ProgressLine(expectation.stage_seconds(order.script))
    made = speak_to_files(pool, order, progress.show)
    if not made.n_resumed:
        expectation.learn(order.script, progress.stage_seconds(), made.sound_s)
    for note in made.notes:
        print(f"note: {note}", file=sys.stderr)
    resumed = f" ({made.n_resumed} of an earlier run)" if made.n_resumed else ""
    print(
        f"{order.wav}: {made.sound_s:.1f} s, {made.n_turns} turns{resumed}, "
        f"seed {order.seed}, made in {made.spent_s:.1f} s"
    )


def _speak_with_retakes(pool: "PipelinePool", order: "SpeakOrder", max_retakes: int) -> None:
    from app.backend.cost import expectation_of
    from app.cli.progress_line import ProgressLine
    from app.export.files import publish, result_writers
    from pipeline.synthesis.options import SynthesisOptions

    progress = ProgressLine(expectation_of(pool).stage_seconds(order.script))
    options = SynthesisOptions(max_retakes=max_retakes)
    with pool.borrow() as pipeline:
        dialogue = pipeline.synthesize(order.text, order.voices, order.seed, options, progress.show)
    names = order.script.speaker_names
    publish(result_writers(dialogue, order.wav, order.captions, names, order.stems))
    for note in dialogue.notes:
        print(f"note: {note}", file=sys.stderr)
    seconds = sum(dialogue.stage_seconds.values())
    print(
        f"{order.wav}: {dialogue.mix.duration_s:.1f} s, {len(dialogue.turns)} turns, "
        f"seed {dialogue.seed}, made in {seconds:.1f} s"
    )


def _estimate(options: argparse.Namespace) -> None:
    from app.backend.cost import expectation_of
    from app.backend.pipeline_pool import load_pool
    from app.backend.progress import format_seconds
    from pipeline.config.limits import LimitsConfig
    from pipeline.script_to_turns.parse import script_to_turns

    begun = time.perf_counter()
    script = script_to_turns(_read_script(options.script), LimitsConfig())
    pool = load_pool(options.model, options.device)
    load_s = time.perf_counter() - begun
    expectation = expectation_of(pool)
    model = None if options.measure else expectation.known()
    if model is None:
        print("measuring this machine with three short scripts ...", file=sys.stderr)
        model = expectation.measure(load_s)
    found = expectation.estimate(script, model)
    for note in script.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"turns       {found.size.n_turns}")
    print(f"characters  {found.size.n_characters:,}")
    print(f"sound       about {format_seconds(found.sound_s)}")
    print(f"computing   about {format_seconds(found.computing_s)}, start included")
    print(f"memory      about {found.peak_mb:.0f} MB at its peak")
    print(f"measured    {expectation.key}")


def _check_output_name(wav: Path) -> None:
    from pipeline.errors import AudioError

    if wav.suffix.lower() != ".wav":
        raise AudioError(f"{wav}: only wav is written; use -o {wav.with_suffix('.wav')}")


def _read_script(name: str) -> str:
    from pipeline.errors import ScriptError

    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ScriptError(
            f"there is no script file {name}; give a text file, or - for standard input"
        ) from error
    except OSError as error:
        raise ScriptError(
            f"cannot read the script {name}: {error.strerror}; give a text file"
        ) from error
    except UnicodeDecodeError as error:
        raise ScriptError(
            f"{name} is not UTF-8 text; save the script as plain UTF-8 text"
        ) from error


def _wanted_voices(assignments: Sequence[str]) -> dict[str, str | None]:
    from pipeline.errors import VoiceError

    voices: dict[str, str | None] = {}
    for assignment in assignments:
        speaker, equals, voice = assignment.partition("=")
        if not (speaker and equals and voice):
            raise VoiceError(f"cannot read --voice {assignment!r}; write --voice S1=anna")
        if speaker in voices:
            raise VoiceError(f"--voice names {speaker} twice; give each speaker one voice")
        voices[speaker] = None if voice == "surprise" else voice
    return voices


def _voices(options: argparse.Namespace) -> None:
    from app.backend.pipeline_pool import load_pool

    pool = load_pool(options.model, options.device)
    built_in = pool.shared.voices
    for name in pool.voice_names():
        description = built_in[name].description if name in built_in else "your own"
        print(f"{name:<16} {' '.join(description.split())}".rstrip())


def _add_voice(options: argparse.Namespace) -> None:
    from app.backend.pipeline_pool import load_pool
    from app.backend.voice_library import check_voice_name

    check_voice_name(options.name)
    pool = load_pool(options.model, options.device)
    path = pool.add_voice(options.name, options.recording, options.licence_note)
    with pool.borrow() as pipeline:
        quality = pipeline.judge_recording(options.recording)
    for finding in quality.findings:
        print(f"note: {finding.message}", file=sys.stderr)
    print(f"added voice {options.name!r} ({path})")
