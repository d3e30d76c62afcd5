mod bad_input;
mod crashes;
mod intake;
mod profiles;
mod references;
mod world;
