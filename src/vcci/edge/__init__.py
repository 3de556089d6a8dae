"""What API and pages share: who asks, how errors are told, how lists are paged."""
