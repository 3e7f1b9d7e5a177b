"""Names, modules and helpers of the earlier package, so that its scripts run unchanged.

Modules at the old paths take from here what they name; nothing else imports this room.
"""
