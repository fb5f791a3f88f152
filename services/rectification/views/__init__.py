"""What people read of the cases: the register, and every task line by itself."""
