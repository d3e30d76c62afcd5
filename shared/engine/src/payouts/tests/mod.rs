mod bad_input;
mod crashes;
mod days;
mod intake;
mod profiles;
mod references;
mod world;
