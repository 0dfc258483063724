from celery import shared_task

from accounts.models import TaskRun
from lenzen import retention


@shared_task
def keep_terms():
    retention.keep_terms()
    TaskRun.record("keep_terms")
