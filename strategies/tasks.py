from celery import shared_task

from accounts.models import TaskRun
from strategies.actions import record_due_events


@shared_task
def close_due_phases():
    record_due_events()
    TaskRun.record("close_due_phases")
