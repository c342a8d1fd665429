"""What the lab and the system tests are made of: namespaces, processes, OVSDB messages, frames, verdicts.

Standard library only. Nothing here sleeps for a fixed time: all waiting is for a condition, with a deadline.
"""
