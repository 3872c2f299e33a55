"""Puts the parts of assistants together, once for an ingress."""

from dataclasses import dataclass

from serve_app.assistants.assistants import Assistants
from serve_app.assistants.code_interpreter import CodeInterpreter
from serve_app.assistants.events import RunEvents
from serve_app.assistants.objects import RUN
from serve_app.assistants.prompt_sender import PromptSender
from serve_app.assistants.resources import AddFiles, MakeStore, Resources
from serve_app.assistants.run_recorder import RunRecorder
from serve_app.assistants.runs import Runs
from serve_app.assistants.threads import Threads
from serve_app.assistants.tools import ServerTools
from serve_app.assistants.work import RunWork
from serve_app.jobs.worker import JobKind, Jobs
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.checks import Checks
from serve_app.models.registry import Registry
from serve_app.observability import RequestLog
from serve_app.storage.database import Database
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.objects import ObjectStore
from serve_app.vector_stores.search import FileSearch

RUNS_AT_ONCE = 64
"""Runs that an ingress replica carries on at once, besides those that are followed."""


@dataclass(frozen=True, slots=True)
class AssistantParts:
    """What routes need of assistants."""

    assistants: Assistants
    threads: Threads
    runs: Runs


def assemble(
    registry: Registry,
    database: Database,
    files: KeptFiles,
    remote_files: RemoteFiles,
    search: FileSearch,
    jobs: Jobs,
    log: RequestLog,
    checks: Checks,
    make_store: MakeStore,
    add_files: AddFiles,
    interpreter: CodeInterpreter | None = None,
) -> AssistantParts:
    """Return the parts, with the work on runs defined. Without ``interpreter`` no code is run."""
    objects, events = ObjectStore(database), RunEvents()
    resources = Resources(
        registry, objects, files, make_store, add_files, checks, runs_code=interpreter is not None
    )
    threads = Threads(database, resources)
    recorder = RunRecorder(database, jobs.store, events)
    prompt_sender = PromptSender(objects, files, remote_files)
    work = RunWork(registry, recorder, prompt_sender, ServerTools(search, interpreter), log, checks)
    kind = JobKind(work.work, work.fail, work.cancel, work.forget, max_at_once=RUNS_AT_ONCE)
    jobs.define({RUN: kind})
    return AssistantParts(
        Assistants(objects, resources), threads, Runs(database, threads, jobs, events)
    )
