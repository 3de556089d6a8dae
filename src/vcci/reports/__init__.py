"""Reports: views over the inventory for people and programs; they show figures and compute none."""
