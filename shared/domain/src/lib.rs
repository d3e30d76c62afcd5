//! What is true whatever system is connected: money, orders, settings, plans. Pure.
