from celery import shared_task

from accounts.models import TaskRun
from accounts.sending import send_due_notifications


@shared_task
def send_notifications():
    while send_due_notifications():
        pass
    TaskRun.record("send_notifications")
