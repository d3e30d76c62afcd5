mod bad_input;
mod crashes;
mod days;
mod disputes;
mod intake;
mod profiles;
mod references;
mod world;
