"""What goes wrong at the site, named by what the catcher does next.

AgentError
    SourceLost      wait a little, then open the source again
    SpoolTaken      end: another agent holds this spool
    SpoolForeign    end: the spool belongs to another site or agent
    SpoolUnusable   end: the settings name a path that no spool can have
    SpoolUnwritable keep the readings in memory and commit them later
    SpoolDamaged    open the spool again: a new one takes over what is intact
"""

from __future__ import annotations


class AgentError(Exception):
    """Something that the agent expects to happen at a site."""


class SourceLost(AgentError):
    """A port or stream that went away, never came, or says nothing; the text says what to look at."""


class SpoolTaken(AgentError):
    """Another running agent holds the spool."""


class SpoolForeign(AgentError):
    """The spool holds readings of another site or agent."""


class SpoolUnusable(AgentError):
    """No spool can be at its path, for want of rights or because something else is there."""


class SpoolUnwritable(AgentError):
    """The disk refuses the spool or a commit to it, for now."""


class SpoolDamaged(AgentError):
    """The spool's file turned out to be damaged and was set aside."""
