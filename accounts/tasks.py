from celery import shared_task

from accounts.actions import send_due_notifications
from accounts.models import TaskRun


@shared_task
def send_notifications():
    while send_due_notifications():
        pass
    TaskRun.record("send_notifications")
