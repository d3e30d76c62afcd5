//! Arguments and variables of a query as plain JSON.

use crate::json::Json;
use graphql_parser::query::{OperationDefinition, Type, Value, VariableDefinition};

/// Turns a GraphQL value into JSON; variables are looked up, missing ones are null.
pub(super) fn resolve(value: &Value<'static, String>, variables: &Json) -> Json {
    match value {
        Value::Variable(name) => variables.get(name).cloned().unwrap_or_default(),
        Value::Int(number) => number.as_i64().map_or(Json::Null, Json::from),
        Value::Float(number) => Json::Number(number.to_string()),
        Value::String(text) | Value::Enum(text) => Json::from(text),
        Value::Boolean(truth) => Json::from(*truth),
        Value::Null => Json::Null,
        Value::List(items) => Json::Array(items.iter().map(|item| resolve(item, variables)).collect()),
        Value::Object(fields) => Json::Object(
            fields.iter().map(|(name, value)| (name.clone(), resolve(value, variables))).collect(),
        ),
    }
}

/// The arguments of a field as an object.
pub(super) fn all(arguments: &[(String, Value<'static, String>)], variables: &Json) -> Json {
    Json::Object(arguments.iter().map(|(name, value)| (name.clone(), resolve(value, variables))).collect())
}

/// The declared variables with their defaults filled in, or what is wrong with them.
pub(super) fn variables(
    operation: &OperationDefinition<'static, String>,
    sent: &Json,
) -> Result<Json, String> {
    let declared: &[VariableDefinition<'static, String>] = match operation {
        OperationDefinition::Query(query) => &query.variable_definitions,
        OperationDefinition::Mutation(mutation) => &mutation.variable_definitions,
        _ => &[],
    };
    let mut variables = Json::Object(Vec::new());
    for definition in declared {
        let value = sent.get(&definition.name).cloned();
        let value =
            value.or_else(|| definition.default_value.as_ref().map(|value| resolve(value, &Json::Null)));
        let is_missing = value.as_ref().is_none_or(Json::is_null);
        if is_missing && matches!(definition.var_type, Type::NonNullType(_)) {
            return Err(format!(
                "Variable ${} of type {} was provided invalid value",
                definition.name, definition.var_type
            ));
        }
        variables.set(&definition.name, value.unwrap_or_default());
    }
    Ok(variables)
}

/// The variables that an argument list uses but the operation does not declare.
pub(super) fn undeclared(arguments: &[(String, Value<'static, String>)], variables: &Json) -> Option<String> {
    arguments.iter().find_map(|(_, value)| undeclared_in(value, variables))
}

fn undeclared_in(value: &Value<'static, String>, variables: &Json) -> Option<String> {
    match value {
        Value::Variable(name) if variables.get(name).is_none() => Some(name.clone()),
        Value::List(items) => items.iter().find_map(|item| undeclared_in(item, variables)),
        Value::Object(fields) => fields.values().find_map(|value| undeclared_in(value, variables)),
        _ => None,
    }
}
