from celery import shared_task

from accounts.models import TaskRun
from accounts.sending import send_due_notifications


@shared_task
def send_notifications():
    is_more = True
    while is_more:
        is_more = send_due_notifications() > 0
        # After each batch: thousands of mails take longer than a run may be ago.
        TaskRun.record("send_notifications")
