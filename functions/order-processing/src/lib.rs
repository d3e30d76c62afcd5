//! queue -> claim -> fetch -> plan -> execute -> record.
