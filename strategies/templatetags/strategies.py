"""What pages of the account show of strategies, and dates as they stand everywhere."""

from django import template

from strategies.following import followed_by
from strategies.wording import day, day_and_time

register = template.Library()

register.filter("day", day)
register.filter("day_and_time", day_and_time)
register.simple_tag(followed_by)
